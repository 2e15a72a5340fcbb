// The access key and what is known about its holder. The key exists in this module's memory alone, so leaving or
// reloading the page signs out.

export const changes = new EventTarget(); // "change" after a sign-in, a sign-out or a rejected key

let accessKey = "";
let admin = false;
let reason = "";

export const key = () => accessKey;
export const isSignedIn = () => accessKey !== "";
export const isAdmin = () => admin;
export const reasonOfEnd = () => reason;

export function begin(newKey, holder) {
  accessKey = newKey;
  admin = holder.admin;
  reason = "";
  changes.dispatchEvent(new Event("change"));
}

export function end(why = "") {
  if (!isSignedIn()) return;
  accessKey = "";
  admin = false;
  reason = why;
  changes.dispatchEvent(new Event("change"));
}
