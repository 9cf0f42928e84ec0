// The manifest of each browser; what differs is all here.

const SITES = [
  "https://arxiv.org/*",
  "https://openreview.net/*",
  "https://aclanthology.org/*",
  "https://pubmed.ncbi.nlm.nih.gov/*",
  "https://www.semanticscholar.org/*",
  "https://www.biorxiv.org/*",
  "https://www.medrxiv.org/*",
  "https://huggingface.co/papers/*",
];
// Servers the reader may choose, and sites beyond those above: asked for when they are wanted
const OPTIONAL = ["https://*/*", "http://localhost/*", "http://127.0.0.1/*"];

/**
 * Of Chrome's manifest as it is loaded unpacked. It fixes the extension's id, which is the hash of this public key; its
 * private key is kept by nobody, as nothing is signed with it. The store gives a key of its own, and takes none.
 */
export const UNPACKED_KEY =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7HAjMT/YmQMPYIstdGvAVEwfm0nVV3yBzSHTaQGi9Ci39lG9i3sbhEBv9HxX+pgYXK" +
  "SWIGI3bdCSIrCMnr6nBHz/dSyn/jjTAUw8hYQCZPYbDHp6UVzIsX4LCBUu66KNdQIl5ZrdtvclV5xYocWO+F2YMNAWL4bCqSYSwXsx3GdG5Mh+" +
  "WL2BUm0aVU7Oq8Igv3t/Hzy+5DyLxx4C3K7p4PjELYMRuZYYr238xRVwruapxrfkwGEbOYDl6lmi+3Zn61zVj2fbkp46Y6Cvhm7Y+urNTVHMmv" +
  "y7X/jMJ2xo3U7lTQ0HsIIHohRVKRRpo045DtGWp+ZW/cgAm2aJs+h3cQIDAQAB";

/** The manifest of "chrome" or "firefox", as its store takes it. */
export function manifest(browser, version) {
  const icons = { 16: "icon-16.png", 32: "icon-32.png", 48: "icon-48.png", 128: "icon-128.png" };
  return {
    manifest_version: 3,
    name: "cocite: related papers",
    version,
    description: "Related papers beside the paper you are reading, each with the reason why.",
    icons,
    action: { default_title: "Related papers", default_icon: { 16: icons[16], 32: icons[32] } },
    options_ui: { page: "options.html", open_in_tab: true },
    ...(browser === "chrome" ? CHROME : FIREFOX),
    optional_host_permissions: OPTIONAL,
    content_security_policy: {
      // Without Firefox's default, which would turn http://localhost into https
      extension_pages:
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src https: http://localhost:* http://127.0.0.1:*",
    },
  };
}

const CHROME = {
  minimum_chrome_version: "116",
  permissions: ["activeTab", "scripting", "sidePanel", "storage"],
  host_permissions: [...SITES, "http://localhost:8080/*", "http://127.0.0.1:8080/*"],
  background: { service_worker: "worker.js" },
  side_panel: { default_path: "panel.html" },
};

/**
 * To the server that the reader chose, and to no other: which paper the page is of; its title, where it has no id; what
 * is saved and dismissed; the server's key. https://extensionworkshop.com/documentation/develop/firefox-builtin-data-consent
 */
const DATA_SENT = ["browsingActivity", "websiteContent", "websiteActivity", "authenticationInfo"];

const FIREFOX = {
  permissions: ["activeTab", "scripting", "storage"],
  host_permissions: [...SITES, "http://localhost/*", "http://127.0.0.1/*"], // a pattern with a port would be ignored
  background: { scripts: ["worker.js"] },
  sidebar_action: { default_title: "Related papers", default_panel: "panel.html", default_icon: "icon-32.png", open_at_install: false },
  browser_specific_settings: {
    gecko: {
      id: "related-papers@cocite",
      strict_min_version: "140.0",
      data_collection_permissions: { required: DATA_SENT },
    },
    gecko_android: { strict_min_version: "142.0" },
  },
};
