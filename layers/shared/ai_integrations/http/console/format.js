// Write values in words.

const DAY = 86_400_000;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const dates = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const moments = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

// A date without a time is a day in UTC.
export const date = (iso) => (iso.includes("T") ? dates : days).format(new Date(iso));
export const moment = (iso) => moments.format(new Date(iso));
export const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

// "3 minutes ago", "in 5 days": in the largest unit of which there is at least one.
export function ago(iso, now = Date.now()) {
  const passed = new Date(iso) - now;
  const units = [["day", DAY], ["hour", 3_600_000], ["minute", 60_000]];
  const [unit, length] = units.find(([, each]) => Math.abs(passed) >= each) ?? ["second", 1000];
  if (Math.abs(passed) < 1000) return "just now";
  return relative.format(Math.trunc(passed / length), unit);
}

export const daysUntil = (iso, now = Date.now()) => Math.max(0, Math.ceil((new Date(iso) - now) / DAY));
export const daysAgo = (days, now = Date.now()) => new Date(now - days * DAY).toISOString();

// Ids of users are base64 of `User:<name>`.
export function user(id) {
  try {
    const bytes = Uint8Array.from(atob(id), (each) => each.charCodeAt(0));
    return new TextDecoder().decode(bytes).replace(/^User:/, "");
  } catch {
    return id;
  }
}
