/*
 * Evidence that we did not write (log lines, alert payloads, error bodies) may hold credentials.
 * These patterns catch the forms that Azure and its SDKs print; they prefer to hide too much.
 */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b(eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*)/g, "[token]"],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, "$1 [credential]"],
  [
    /\b(AccountKey|SharedAccessKey|SharedAccessSignature|password|passwd|pwd|secret|client_secret|clientSecret|api[-_]?key|access[-_]?key|token|connectionstring)(["']?\s*[=:]\s*["']?)([^\s"',;&}]+)/gi,
    "$1$2[hidden]",
  ],
  [/([?&](?:sig|code|sv|se|skoid|token|key)=)[^&\s"']+/gi, "$1[hidden]"],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi, "$1[hidden]@"],
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    "[private key]",
  ],
  // Azure's account and cache keys: 32 or 64 bytes in base64.
  [/(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==)(?![A-Za-z0-9+/=])/g, "[key]"],
];

/** The text with everything hidden that looks like a credential. */
export function scrub(text: string): string {
  return patterns.reduce((scrubbed, [pattern, hidden]) => scrubbed.replace(pattern, hidden), text);
}
