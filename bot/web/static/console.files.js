// Files: the tray of those that wait to be sent, and those that a message brought. Draws and sends
// them; which message they belong to is the reply box's business.

import { fileUrl, inWords, newId, sendFile } from "./console.api.js";
import { el, icon, button } from "./console.dom.js";

export const FILES_PER_MESSAGE = 10;
// What a browser may draw; everything else is to be saved, whatever the server says.
const SHOWN = /^image\/(png|jpeg|gif|webp)$/;

export const sizeOf = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** The files of a message: pictures as pictures, the rest as links that save them. */
export function fileList(conversation, files) {
  if (!files?.length) return null;
  return el("ul", { class: "files", "aria-label": "Files" }, files.map((file) => el("li", {}, shown(conversation, file))));
}

function shown(conversation, file) {
  const href = fileUrl(conversation, file.id);
  if (!SHOWN.test(file.type)) {
    const about = el("span", { class: "file-text" }, el("span", { class: "file-name" }, file.name), el("span", { class: "file-size" }, sizeOf(file.size)));
    return el("a", { class: "file", href, download: file.name, "aria-label": `Save ${file.name}, ${sizeOf(file.size)}` }, icon("file"), about);
  }
  const picture = el("img", { src: href, alt: "", loading: "lazy", decoding: "async" });
  const link = el("a", { class: "picture", href, target: "_blank", rel: "noopener", "aria-label": `Open ${file.name}, ${sizeOf(file.size)}`, title: file.name }, picture);
  picture.addEventListener("error", () => picture.replaceWith(el("span", { class: "file-name" }, `${file.name} can’t be shown`)));
  return link;
}

/**
 * Files on their way to the server, each with its state. An item is {key, name, type, size, blob?,
 * part?, trouble?, file?}; `file` is what the server made of it.
 */
export class Tray {
  #items = [];
  #conversation = null;
  #changed;
  #limit;

  /** @param limit megabytes of one file */
  constructor(limit, changed) {
    this.#limit = limit;
    this.#changed = changed;
    this.root = el("ul", { class: "tray", "aria-label": "Files to send", hidden: true });
  }

  get files() {
    return this.#items.map(({ file }) => file).filter(Boolean);
  }

  get busy() {
    return this.#items.some(({ file, trouble }) => !file && !trouble);
  }

  /** The tray of one conversation: what was sent up for it and not used yet is still there. */
  open(conversation) {
    for (const { request } of this.#items) request?.abort();
    this.#conversation = conversation;
    this.#items = (JSON.parse(sessionStorage.getItem(this.#key) ?? "[]")).map((file) => ({ ...file, key: file.id, file }));
    this.#draw();
  }

  add(blobs) {
    for (const blob of blobs) {
      const item = { key: newId(), name: blob.name || "file", type: blob.type, size: blob.size, blob };
      if (this.#items.length >= FILES_PER_MESSAGE) item.trouble = `A message takes ${FILES_PER_MESSAGE} files.`;
      else if (blob.size > this.#limit * 1024 ** 2) item.trouble = `Larger than ${this.#limit} MB.`;
      item.final = Boolean(item.trouble);
      this.#items.push(item);
      if (!item.trouble) this.#carry(item);
    }
    this.#draw();
  }

  /** Back into the tray: the message that had them was not sent. */
  restore(files) {
    this.#items.push(...files.map((file) => ({ ...file, key: file.id, file })));
    this.#save();
  }

  /** Take the files that are up; what failed stays, so that nobody believes it was sent. */
  take() {
    const { files } = this;
    this.#items = this.#items.filter(({ file }) => !file);
    this.#save();
    return files;
  }

  get #key() {
    return `deskhand.files.${this.#conversation}`;
  }

  #save() {
    if (this.files.length) sessionStorage.setItem(this.#key, JSON.stringify(this.files));
    else sessionStorage.removeItem(this.#key);
    this.#draw();
    this.#changed();
  }

  async #carry(item) {
    const conversation = this.#conversation;
    Object.assign(item, { trouble: "", part: 0 });
    this.#draw();
    this.#changed();
    try {
      item.file = await sendFile(conversation, item, (part) => {
        item.part = part;
        const bar = item.row?.querySelector("progress");
        if (bar) bar.value = part;
      });
    } catch (error) {
      item.trouble = inWords(error);
      item.final = error.passing === false;
    }
    if (conversation === this.#conversation) this.#save();
  }

  #remove(item) {
    item.request?.abort();
    this.#items = this.#items.filter((one) => one !== item);
    this.#save();
  }

  #draw() {
    this.root.hidden = !this.#items.length;
    this.root.replaceChildren(...this.#items.map((item) => (item.row = this.#row(item))));
  }

  #row(item) {
    const { name, size, file, trouble, part = 0 } = item;
    const state = trouble
      ? el("span", { class: "file-trouble", role: "alert" }, trouble)
      : file
        ? el("span", { class: "file-size" }, sizeOf(size))
        : el("progress", { value: String(part), max: "1", "aria-label": `Sending ${name}` });
    return el(
      "li",
      { class: `file${trouble ? " bad" : ""}`, "aria-label": name },
      file && SHOWN.test(file.type) ? el("img", { src: fileUrl(this.#conversation, file.id), alt: "" }) : icon("file"),
      el("span", { class: "file-text" }, el("span", { class: "file-name" }, name), state),
      trouble && !item.final ? button("Try again", { look: "link", act: () => this.#carry(item) }) : null,
      el("button", { type: "button", class: "icon-button", "aria-label": `Remove ${name}`, on: { click: () => this.#remove(item) } }, icon("close")),
    );
  }
}
