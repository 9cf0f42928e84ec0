// The one state of the page, in step with the address.

import { ofFragment, type State, toFragment } from "./state.js";

type Listener = (state: State, before: State) => void;

export class Store {
  #state = ofFragment(location.hash);
  #listeners: Listener[] = [];

  constructor() {
    addEventListener("popstate", () => this.#become(ofFragment(location.hash)));
  }

  get state(): State {
    return this.#state;
  }

  /** Called after every change. */
  watch(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Change the state, and the address with it. */
  change(part: Partial<State>): void {
    const state = { ...this.#state, ...part };
    const fragment = toFragment(state);
    if (fragment === toFragment(this.#state)) return;
    history.pushState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
    this.#become(state);
  }

  #become(state: State): void {
    const before = this.#state;
    this.#state = state;
    for (const listener of this.#listeners) listener(state, before);
  }
}
