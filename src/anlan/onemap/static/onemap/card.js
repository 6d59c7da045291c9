// @ts-check
/** The card of the object that was chosen, and the list where several lie in one place. */
import { toast, word } from "../kit/app.js";
import { make } from "./panel.js";
import { PLAIN } from "./palette.js";
import { symbolImage } from "./symbols.js";

/** @typedef {{key: string, id: number, title: string, layer: string, symbol: string, token: string}} Choice */

/** One card on the page; `on` is told what the person asks for. */
export class Card {
  /**
   * @param {string} address
   * @param {{close: () => void, centre: (at: [number, number]) => void, rings: (at: [number, number]) => void, open: (key: string, id: number) => void}} on
   */
  constructor(address, on) {
    this.address = address;
    this.on = on;
    this.frame = /** @type {HTMLElement} */ (document.getElementById("map-card"));
    this.body = /** @type {HTMLElement} */ (document.getElementById("map-card-body"));
    this.asked = 0;
    this.frame.addEventListener("click", (event) => this.clicked(event));
    document.addEventListener("keydown", (event) => event.key === "Escape" && !this.frame.hidden && this.close());
  }

  /**
   * Shows an object; gives its place, or null where the person may not see it.
   * @param {string} key
   * @param {number} id
   * @returns {Promise<[number, number] | null>}
   */
  async open(key, id) {
    this.asked += 1;
    const asked = this.asked;
    const answer = await fetch(`${this.address}${encodeURIComponent(key)}/${id}/`);
    if (asked !== this.asked) return null;
    if (!answer.ok || answer.redirected) {
      toast(word("no_object"), "error");
      return null;
    }
    this.body.innerHTML = await answer.text();
    this.frame.hidden = false;
    this.body.querySelector("h2")?.focus({ preventScroll: true });
    return this.place();
  }

  /** @returns {[number, number] | null} */
  place() {
    const { longitude, latitude } = /** @type {HTMLElement} */ (this.body.querySelector("article"))?.dataset ?? {};
    return longitude && latitude ? [Number(longitude), Number(latitude)] : null;
  }

  /** @param {Choice[]} choices */
  choose(choices) {
    const list = make("ul", "card__choices");
    for (const choice of choices) {
      const button = make("button");
      button.type = "button";
      button.append(symbolImage(choice.symbol, choice.token || PLAIN), choice.title, make("small", "", choice.layer));
      button.addEventListener("click", () => this.on.open(choice.key, choice.id));
      const item = make("li");
      item.append(button);
      list.append(item);
    }
    const title = make("h2", "card__title", word("several", { count: choices.length }));
    title.id = "card-title";
    title.tabIndex = -1;
    this.asked += 1;
    this.body.replaceChildren(make("p", "card__layer", word("layers")), title, list);
    this.frame.hidden = false;
  }

  close() {
    this.asked += 1;
    this.frame.hidden = true;
    this.body.replaceChildren();
    this.on.close();
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-card]") : null;
    const what = button instanceof HTMLElement ? button.dataset.card : "";
    const at = this.place();
    if (what === "close") this.close();
    if (what === "centre" && at) this.on.centre(at);
    if (what === "rings" && at) this.on.rings(at);
  }
}
