// What the server knows, in a line.

import { counted } from "../shared/words.js";
import { recommender } from "./api.js";

export async function describeModel(place: HTMLElement): Promise<void> {
  try {
    const { paperCount, citationCount } = await recommender.getModel({});
    place.textContent = `Among ${counted(paperCount, "paper")} and ${counted(Number(citationCount), "citation")} between them.`;
  } catch {
    // the line is left out; who asks for papers is told what is wrong
  }
}
