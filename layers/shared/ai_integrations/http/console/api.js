// Send requests to the public API: nothing here that curl could not send.

import * as session from "./session.js";

const BASE = new URL("../", import.meta.url); // …/v2/, also below the path of a stage
const REJECTED = "The access key was not accepted: it is wrong, expired or revoked. Sign in with a valid one.";
// The format of responses depends on the client's release (docs/contract.md, "Wire formats"). With those of this release,
// they contain every provider's own name, and the organization of each space.
const FORMAT = { "sdk-language": "python", "sdk-version": "8.60.0" };

// An error response, or none. `errors` has the fields at fault, each with a JSON pointer.
export class Problem extends Error {
  constructor(status, { detail, errors = [] }) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

export async function call(method, path, { query, body, etag, idempotencyKey, accessKey = session.key() } = {}) {
  const isOfSession = accessKey === session.key();
  const headers = { ...FORMAT, Authorization: `Bearer ${accessKey}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (etag) headers["If-Match"] = etag;
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  const { response, text } = await send(address(path, query), { method, headers, body: body && JSON.stringify(body) });
  // The user has signed out since: the response is not for the next one.
  if (isOfSession && accessKey !== session.key()) throw new Problem(0, { detail: "" });
  const content = parsed(text);
  if (response.ok && (content || !text)) return { body: content, etag: response.headers.get("ETag") };
  // A key that was being tried at sign-in has no session to end.
  if (response.status === 401 && isOfSession) session.end(REJECTED);
  const detail = `The API answered with status ${response.status}. Try again later.`;
  throw new Problem(response.status, response.status === 401 ? { detail: REJECTED } : { detail, ...content });
}

export const get = async (path, query) => (await call("GET", path, { query })).body;

// Read a list page by page. `field` is the name of its items in the response.
export async function* pages(path, field, query = {}) {
  for (let cursor; ;) {
    const page = await get(path, { ...query, cursor });
    yield page[field];
    if (!page.pagination.has_more) return;
    cursor = page.pagination.next_cursor;
  }
}

export async function all(path, field, query = {}) {
  const items = [];
  for await (const page of pages(path, field, { limit: 100, ...query })) items.push(...page);
  return items;
}

export const integrationPath = (id, rest = "") => `ai-integrations/${encodeURIComponent(id)}${rest}`;

// Values that are empty are left out; a list repeats the parameter.
function address(path, query = {}) {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) if (each != null && each !== "") url.searchParams.append(name, each);
  }
  return url;
}

async function send(url, request) {
  try {
    const response = await fetch(url, { ...request, credentials: "omit", referrerPolicy: "no-referrer" });
    return { response, text: await response.text() };
  } catch {
    throw new Problem(0, { detail: "The API did not answer. Check your connection, then try again." });
  }
}

// A proxy in between may answer with something else than JSON.
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
