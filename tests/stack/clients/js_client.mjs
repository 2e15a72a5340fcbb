// Walks one release of the official JavaScript client through the life of AI integrations.
//
// Runs where the npm package `@arizeai/ax-client` is installed: `node --input-type=module - < js_client.mjs` in that
// folder. Nothing of the client is patched; what differs between its releases is how words are spelled, and that follows
// from its version. What it takes from the environment is said in tests/stack/test_official_clients.py. It prints what
// came of each step as JSON; the exit status is 1 if one failed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import {
  createAiIntegration,
  createClient,
  deleteAiIntegration,
  getAiIntegration,
  listAiIntegrations,
  listSpaces,
  updateAiIntegration,
} from "@arizeai/ax-client";

const { AI_INTEGRATIONS_SPACE: SPACE, AI_INTEGRATIONS_SPACE_ID: SPACE_ID } = process.env;
const VERSION = JSON.parse(readFileSync("node_modules/@arizeai/ax-client/package.json", "utf8")).version;
const [MAJOR, MINOR] = VERSION.split(".").map(Number);
const NEWER = MAJOR > 1 || MINOR >= 24;

const connect = (apiKey) => createClient({ apiKey, baseUrl: process.env.AI_INTEGRATIONS_URL });
const client = connect(process.env.AI_INTEGRATIONS_API_KEY);

// A founding word as this release spells it: openAI is OPEN_AI, proxy_with_headers is PROXY_WITH_HEADERS.
const word = (founding) =>
  NEWER ? founding.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase() : founding;

const create = (name, provider = "anthropic", fields = {}) =>
  createAiIntegration({ client, name, provider: word(provider), ...fields });
const get = (integration, space) => getAiIntegration({ client, integration, space });
const update = (integration, changes) => updateAiIntegration({ client, integration, ...changes });
const remove = (integration) => deleteAiIntegration({ client, integration });

async function pages(limit, filters = {}) {
  const read = [];
  let cursor;
  do {
    const page = await listAiIntegrations({ client, limit, cursor, ...filters });
    read.push(page.data);
    cursor = page.pagination.nextCursor;
    assert.equal(page.pagination.hasMore, cursor !== undefined);
  } while (cursor);
  return read;
}

const listed = async (filters) => (await pages(100, filters)).flat();

// The client's own error, if the call is refused with this status and told why.
async function refused(statusCode, call) {
  const error = await call().then(
    () => assert.fail(`the call was not refused with ${statusCode}`),
    (reason) => reason,
  );
  assert.equal(error.statusCode, statusCode, String(error));
  assert.doesNotMatch(error.message, /Unknown error|undefined/);
  return error;
}

const STEPS = {
  "creates the founding example": async () => {
    const example = JSON.parse(process.env.AI_INTEGRATIONS_EXAMPLE);
    const created = await createAiIntegration({
      client,
      name: example.name,
      provider: word(example.provider),
      apiKey: example.api_key,
      modelNames: example.model_names,
      enableDefaultModels: example.enable_default_models,
    });
    assert.equal(created.name, example.name);
    assert.equal(created.provider, word(example.provider));
    assert.equal(created.hasApiKey, true);
    assert.deepEqual(created.modelNames, example.model_names);
    assert.equal(created.enableDefaultModels, true);
    assert.equal(created.functionCallingEnabled, true);
    assert.equal(created.authType, word("default"));
    assert.deepEqual(created.scopings, [{ organizationId: undefined, spaceId: undefined }]);
    assert.ok(Math.abs(Date.now() - created.createdAt) < 60_000);
    assert.match(atob(created.id), /:/);
    assert.match(atob(created.createdByUserId), /:/);
  },
  "creates with every field": async () => {
    const fields = {
      baseUrl: "https://models.example.com/v1",
      modelNames: ["small", "large"],
      headers: { "X-Team": "search" },
      enableDefaultModels: false,
      functionCallingEnabled: false,
      authType: word("proxy_with_headers"),
    };
    const created = await create("Every field", "custom", { apiKey: "fake-key", ...fields });
    const shown = Object.fromEntries(Object.keys(fields).map((name) => [name, created[name]]));
    assert.deepEqual(shown, fields);
  },
  "creates with metadata of aws": async () => {
    const providerMetadata = { kind: word("aws"), role_arn: "arn:aws:iam::123456789012:role/bedrock", external_id: "e-1" };
    const created = await create("Bedrock", "awsBedrock", { providerMetadata });
    assert.deepEqual(created.providerMetadata, providerMetadata);
    delete providerMetadata.external_id;
    assert.deepEqual((await update(created.id, { providerMetadata })).providerMetadata, providerMetadata);
  },
  "creates with metadata of gcp": async () => {
    const providerMetadata = { kind: word("gcp"), project_id: "p", location: "europe-west1", project_access_label: "P" };
    const created = await create("Vertex", "vertexAI", { providerMetadata });
    assert.deepEqual((await get(created.id)).providerMetadata, providerMetadata);
  },
  "creates for one space": async () => {
    const created = await create("For one space", "openAI", { scopings: [{ spaceId: SPACE_ID }] });
    assert.deepEqual(created.scopings, [{ organizationId: undefined, spaceId: SPACE_ID }]);
    const changed = await update(created.id, { scopings: [] });
    assert.deepEqual(changed.scopings, [{ organizationId: undefined, spaceId: undefined }]);
  },
  "lists in pages": async () => {
    const created = [];
    for (let number = 0; number < 5; number += 1) {
      created.unshift((await create(`Page ${number}`)).id);
    }
    const read = await pages(2);
    const ids = read.flat().map(({ id }) => id);
    assert.equal(Math.max(...read.map((page) => page.length)), 2);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(ids.filter((id) => created.includes(id)), created);
  },
  "lists what others wrote in either spelling": async () => {
    const providers = new Map((await listed()).map(({ name, provider }) => [name, provider]));
    for (const name of JSON.parse(process.env.AI_INTEGRATIONS_SEEDED)) {
      assert.match(providers.get(name), NEWER ? /^[A-Z_]+$/ : /^[a-z]+[A-Za-z]+$/);
    }
  },
  "filters by name": async () => {
    const { id } = await create("Needle in the hay");
    assert.deepEqual((await listed({ name: "NEEDLE" })).map((each) => each.id), [id]);
  },
  "filters by the id of a space": async () => {
    const here = await create("Of this space", "openAI", { scopings: [{ spaceId: SPACE_ID }] });
    const found = await listed({ space: SPACE_ID });
    assert.ok(found.some(({ id }) => id === here.id));
    assert.ok(!found.some(({ name }) => name === process.env.AI_INTEGRATIONS_OF_ANOTHER_SPACE));
  },
  "filters by the name of a space": async () => {
    const { id } = await create("Of a space by name", "openAI", { scopings: [{ spaceId: SPACE_ID }] });
    assert.ok((await listed({ space: SPACE })).some((each) => each.id === id));
    assert.deepEqual(await listed({ space: "no such space" }), []);
  },
  "gets by id": async () => {
    const created = await create("By id", "openAI", { apiKey: "fake-key" });
    assert.deepEqual(await get(created.id), created);
  },
  "gets by name in a space": async () => {
    const name = process.env.AI_INTEGRATIONS_OF_THE_SPACE;
    const byNames = await get(name, SPACE);
    assert.equal(byNames.name, name);
    assert.equal((await get(name, SPACE_ID)).id, byNames.id);
  },
  "lists spaces": async () => {
    const { data } = await listSpaces({ client, limit: 100 });
    assert.equal(data.find(({ id }) => id === SPACE_ID).name, SPACE);
  },
  "renames and changes models": async () => {
    const created = await create("Before", "openAI", { modelNames: ["a", "b"] });
    const changed = await update(created.id, { name: "After", modelNames: ["c"] });
    assert.deepEqual([changed.id, changed.name, changed.modelNames], [created.id, "After", ["c"]]);
    assert.notEqual((await create("Before")).id, created.id);
  },
  "removes the key and sets it again": async () => {
    const created = await create("Keyed", "openAI", { apiKey: "fake-key" });
    assert.equal((await update(created.id, { name: "Keyed still" })).hasApiKey, true);
    assert.equal((await update(created.id, { apiKey: null })).hasApiKey, false);
    assert.equal((await update(created.id, { apiKey: "another-fake-key" })).hasApiKey, true);
  },
  "clears what can be cleared": async () => {
    const fields = { baseUrl: "https://models.example.com", headers: { "X-A": "b" } };
    const created = await create("To clear", "custom", fields);
    const changed = await update(created.id, { baseUrl: null, headers: null });
    assert.deepEqual([changed.baseUrl, changed.headers], [undefined, undefined]);
  },
  deletes: async () => {
    const { id } = await create("To delete", "openAI", { apiKey: "fake-key" });
    await remove(id);
    await refused(404, () => get(id));
    await refused(404, () => remove(id));
    await refused(404, () => update(id, { name: "Gone" }));
  },
  "meets a taken name": async () => {
    await create("Taken");
    const error = await refused(409, () => create("TAKEN"));
    assert.match(error.message, /has this name/);
    const other = await create("Free");
    await refused(409, () => update(other.id, { name: "taken" }));
  },
  "meets a missing key": async () => {
    const error = await refused(401, () => listAiIntegrations({ client: connect("not-a-key") }));
    assert.equal(error.name, "AuthenticationError");
  },
  "meets a lack of permission": async () => {
    const reader = connect(process.env.AI_INTEGRATIONS_READER_KEY);
    assert.ok((await listAiIntegrations({ client: reader })).data.length > 0);
    const call = () => createAiIntegration({ client: reader, name: "By a reader", provider: word("openAI") });
    assert.equal((await refused(403, call)).name, "AuthorizationError");
  },
  "meets a malformed id": async () => {
    await refused(400, () => get("Tm9wZToxOjE="));
  },
  "meets a broken rule": async () => {
    const error = await refused(422, () => create("Masked", "openAI", { apiKey: "sk-****ef" }));
    assert.match(error.message, /\/api_key/);
    await refused(422, () => create("No role", "awsBedrock"));
  },
};

console.warn = () => {}; // each function of the client warns once that it is a preview
const steps = {};
for (const [name, step] of Object.entries(STEPS)) {
  steps[name] = await step().then(
    () => "ok",
    (error) => error.stack,
  );
}
console.log(JSON.stringify({ client: `@arizeai/ax-client ${VERSION}`, steps }, null, 2));
process.exitCode = Object.values(steps).every((outcome) => outcome === "ok") ? 0 : 1;
