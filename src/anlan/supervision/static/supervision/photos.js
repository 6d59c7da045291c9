// @ts-check
/** Photos to be sent: shown before they leave, gathered over several shots, taken back one by one. */

/** @param {HTMLInputElement} input @param {File[]} files */
function hold(input, files) {
  const held = new DataTransfer();
  for (const file of files) held.items.add(file);
  input.files = held.files;
}

/** @type {WeakMap<HTMLInputElement, File[]>} */
const chosen = new WeakMap();

/** @param {File} one */
const nameOf = (one) => `${one.name}/${one.size}/${one.lastModified}`;

/** @param {HTMLInputElement} input */
function draw(input) {
  const list = input.closest("[data-photos]")?.querySelector("[data-photos-chosen]");
  if (!(list instanceof HTMLElement)) return;
  for (const old of list.querySelectorAll("img")) URL.revokeObjectURL(old.src);
  list.replaceChildren(...(chosen.get(input) ?? []).map((file) => item(input, file, list.dataset.remove ?? "")));
}

/** @param {HTMLInputElement} input @param {File} file @param {string} words */
function item(input, file, words) {
  const [line, picture, button] = [document.createElement("li"), document.createElement("img"), document.createElement("button")];
  picture.src = URL.createObjectURL(file);
  picture.alt = file.name;
  button.type = "button";
  button.className = "btn btn--small";
  button.textContent = "×";
  button.setAttribute("aria-label", `${words} ${file.name}`);
  button.addEventListener("click", () => keep(input, (chosen.get(input) ?? []).filter((one) => one !== file)));
  line.append(picture, button);
  return line;
}

/** @param {HTMLInputElement} input @param {File[]} files */
function keep(input, files) {
  chosen.set(input, files);
  hold(input, files);
  draw(input);
}

document.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLInputElement) || target.type !== "file" || !target.closest("[data-photos]")) return;
  const before = chosen.get(target) ?? [];
  const known = new Set(before.map(nameOf));
  keep(target, [...before, ...[...(target.files ?? [])].filter((file) => !known.has(nameOf(file)))]);
});
document.addEventListener("page:shown", () => {
  for (const input of document.querySelectorAll("[data-photos] input[type=file]")) draw(/** @type {HTMLInputElement} */ (input));
});
