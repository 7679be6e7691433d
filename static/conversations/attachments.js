// Pictures, tables and files that belong to the cited passages.

import { sourceUrl } from "./citations.js";
import { element, icon } from "./elements.js";
import { visible } from "./inline.js";
import { markdown } from "./markdown.js";

/** Return what stands under a picture: its number and caption as printed, else its name. */
function captionOf(attachment) {
  const printed = [attachment.figure, attachment.caption].filter(Boolean).join(" ");
  return visible(printed || attachment.name || "");
}

function picture(attachment, url) {
  const caption = captionOf(attachment);
  const source = sourceUrl(attachment.thumb_url) ?? url;
  const image = element("img", { src: source, alt: caption, loading: "lazy", decoding: "async" });
  const figure = element("figure", { class: "attachment-picture" }, image);
  figure.append(element("figcaption", {}, caption));
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, figure);
}

function file(attachment, url) {
  return element(
    "a",
    { class: "attachment-file", href: url, target: "_blank", rel: "noopener noreferrer" },
    icon("document", "small"),
    element("span", {}, attachment.name ?? ""),
  );
}

function one(attachment) {
  if (attachment.kind === "table" && attachment.markdown) {
    const summary = element("summary", {}, attachment.name ?? "");
    return element("details", { class: "attachment-table" }, summary, markdown(attachment.markdown, () => null));
  }
  const url = sourceUrl(attachment.url);
  if (!url) return null;
  // The page's policy admits pictures of this host only; any other is offered as a link.
  const ours = new URL(url).origin === window.location.origin;
  return attachment.kind === "image" && ours ? picture(attachment, url) : file(attachment, url);
}

/** Return the list of attachments, or null when there is nothing to show. */
export function attachmentList(attachments) {
  const shown = attachments.map(one).filter(Boolean);
  if (!shown.length) return null;
  return element("ul", { class: "attachments" }, ...shown.map((node) => element("li", {}, node)));
}
