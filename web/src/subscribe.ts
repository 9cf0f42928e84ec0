// Asks for the digest by e-mail.

import { Code, ConnectError } from "@connectrpc/connect";
import { byId, h } from "../shared/dom.js";
import { feeds } from "./api.js";
import { DigestPeriod } from "./generated/cocite/v1/feed_service_pb.js";
import { notes, startPage } from "./listing/frame.js";
import { reader } from "./reader/identity.js";

const MOST_FIELDS = 20;

const form = byId<HTMLFormElement>("subscription");
const email = byId<HTMLInputElement>("email");
const field = byId<HTMLInputElement>("field");
const chosen = new Set<string>();

function addField(): void {
  const name = field.value.trim();
  notes().clear();
  if (name && !chosen.has(name) && chosen.size >= MOST_FIELDS) return notes().say(`A digest takes ${MOST_FIELDS} fields at most.`);
  if (name) chosen.add(name);
  field.value = "";
  showFields();
}

function showFields(): void {
  const chip = (name: string): HTMLElement => {
    const remove = (): void => {
      chosen.delete(name);
      showFields();
      field.focus();
    };
    return h("li", { class: "chip" }, h("span", { class: "name" }, name), h("button", { type: "button", "aria-label": `Remove ${name}`, click: remove }, "×"));
  };
  byId("chosen-fields").replaceChildren(...[...chosen].map(chip));
}

async function subscribe(): Promise<void> {
  addField();
  const who = byId<HTMLInputElement>("with-feed").checked ? reader() : undefined;
  const period = new FormData(form).get("period") === "weekly" ? DigestPeriod.WEEKLY : DigestPeriod.DAILY;
  const address = email.value.trim();
  const said = byId("said");
  said.textContent = "Asking…";
  try {
    await feeds.subscribe({ email: address, period, fields: [...chosen], ...(who ? { reader: who } : {}) });
    said.textContent = `A mail is on its way to ${address}. Follow the link in it, and the digest begins.`;
    email.value = "";
  } catch (error) {
    said.textContent = "";
    if (ConnectError.from(error).code === Code.FailedPrecondition) notes().say("This server sends no mail, so there is no digest. Its feeds need none.");
    else notes().fail(error, () => void subscribe());
  }
}

async function offerFields(): Promise<void> {
  try {
    const { fields } = await feeds.listTrending({ pageSize: 1 });
    byId("known-fields").replaceChildren(...fields.map((value) => h("option", { value })));
  } catch {
    // a field can be typed all the same
  }
}

startPage();
byId("own-feed").hidden = !reader();
byId("add-field").addEventListener("click", addField);
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !field.value.trim()) return;
  event.preventDefault();
  addField();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void subscribe();
});
void offerFields();
performance.mark("interactive");
