// Why a paper is in the reader's feed, in words.

import { reasonInWords } from "../../shared/reasons.js";
import { counted, shortened } from "../../shared/words.js";
import { EventKind, type FeedItem, type FeedReason } from "../generated/cocite/v1/feed_service_pb.js";

const REASONS_SHOWN = 2;
const ACTS: Partial<Record<EventKind, string>> = {
  [EventKind.SAVE]: "saved",
  [EventKind.UPVOTE]: "upvoted",
  [EventKind.SUBMIT]: "submitted",
  [EventKind.CLICK]: "opened",
};

/** Lines, the strongest reason first, each with what ties the paper to the one that it names. */
export function because({ paper, reasons, evidence }: FeedItem): string[] {
  return reasons.slice(0, REASONS_SHOWN).flatMap((reason) => {
    const { because } = reason;
    const tie = because.case === "actedOn" && evidence.find(({ seed }) => seed === because.value.paperId);
    const line = inWords(reason);
    return line && tie ? `${line}: ${reasonInWords(tie.evidence, tie.evidence.case === "textLikeness" ? "" : "it", paper?.hasAbstract ?? false)}` : line || [];
  });
}

function inWords({ because: { case: kind, value } }: FeedReason): string {
  switch (kind) {
    case "actedOn":
      return `because you ${ACTS[value.kind] ?? "know"} “${shortened(value.title || value.paperId, 90)}”`;
    case "newArrival":
      return `new on ${value.date}, and near what you like`;
    case "trendingNow":
      return `${counted(value.readers, "reader")} saved or upvoted it this week`;
    case "popularity":
      return "much cited";
    default:
      return "";
  }
}
