/** What stands before every path of ours: "/", or more behind a proxy. Addresses without a slash begin there. */
export const base = new URL(".", document.baseURI).pathname;

/** The path of the page, from there on. */
export const here = () => location.pathname.slice(base.length);
