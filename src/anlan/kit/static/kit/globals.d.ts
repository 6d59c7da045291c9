/** What classic scripts put on the page. */
declare const htmx: typeof import("htmx.org").default;
