// Use every operation on AI integrations of one release of the official JavaScript client.
//
// Run `node --input-type=module - < js_client.mjs` in the folder in which the npm package `@arizeai/ax-client` is
// installed. The client is not patched. Its releases differ only in the wire format, which follows from the version. The
// module docstring of tests/stack/test_official_clients.py lists the environment variables. The program prints the
// outcome of each step as JSON; its exit status is 1 if a step failed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import {
  createAiIntegration,
  createClient,
  deleteAiIntegration,
  getAiIntegration,
  getOrganization,
  getSpace,
  listAiIntegrations,
  listAuditLogs,
  listOrganizations,
  listSpaces,
  updateAiIntegration,
} from "@arizeai/ax-client";

const { AI_INTEGRATIONS_SPACE: SPACE, AI_INTEGRATIONS_SPACE_ID: SPACE_ID } = process.env;
const { AI_INTEGRATIONS_ORGANIZATION: ORGANIZATION, AI_INTEGRATIONS_ORGANIZATION_ID: ORGANIZATION_ID } = process.env;
const VERSION = JSON.parse(readFileSync("node_modules/@arizeai/ax-client/package.json", "utf8")).version;
const [MAJOR, MINOR] = VERSION.split(".").map(Number);
const USES_CURRENT_FORMAT = MAJOR > 1 || MINOR >= 24;

const connect = (apiKey) => createClient({ apiKey, baseUrl: process.env.AI_INTEGRATIONS_URL });
const client = connect(process.env.AI_INTEGRATIONS_API_KEY);

// Convert an enum value to this release's wire format: openAI to OPEN_AI, proxy_with_headers to PROXY_WITH_HEADERS.
const enumValue = (legacy) =>
  USES_CURRENT_FORMAT ? legacy.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase() : legacy;

const create = (name, provider = "anthropic", fields = {}) =>
  createAiIntegration({ client, name, provider: enumValue(provider), ...fields });
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

// List the entries of an integration, newest first, as soon as there are enough: they appear some seconds late.
async function auditLogsOf(integration, count, filters) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const entries = (await allAuditLogs(filters)).filter(({ variables }) => JSON.parse(variables).resource_id === integration);
    if (entries.length >= count || Date.now() > deadline) {
      return entries;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function allAuditLogs(filters) {
  const read = [];
  let cursor;
  do {
    const page = await listAuditLogs({ client, limit: 5, cursor, ...filters });
    read.push(...page.data);
    cursor = page.pagination.nextCursor;
  } while (cursor);
  return read;
}

const listAll = async (filters) => (await pages(100, filters)).flat();

// Check that a call fails with this status and a message, and return the client's error.
async function expectError(statusCode, call) {
  const error = await call().then(
    () => assert.fail(`the call did not fail with ${statusCode}`),
    (reason) => reason,
  );
  assert.equal(error.statusCode, statusCode, String(error));
  assert.doesNotMatch(error.message, /Unknown error|undefined/);
  return error;
}

const STEPS = {
  "create published example": async () => {
    const example = JSON.parse(process.env.AI_INTEGRATIONS_EXAMPLE);
    const created = await createAiIntegration({
      client,
      name: example.name,
      provider: enumValue(example.provider),
      apiKey: example.api_key,
      modelNames: example.model_names,
      enableDefaultModels: example.enable_default_models,
    });
    assert.equal(created.name, example.name);
    assert.equal(created.provider, enumValue(example.provider));
    assert.equal(created.hasApiKey, true);
    assert.deepEqual(created.modelNames, example.model_names);
    assert.equal(created.enableDefaultModels, true);
    assert.equal(created.functionCallingEnabled, true);
    assert.equal(created.authType, enumValue("default"));
    assert.deepEqual(created.scopings, [{ organizationId: undefined, spaceId: undefined }]);
    assert.ok(Math.abs(Date.now() - created.createdAt) < 60_000);
    assert.match(atob(created.id), /:/);
    assert.match(atob(created.createdByUserId), /:/);
  },
  "create with every field": async () => {
    const fields = {
      baseUrl: "https://models.example.com/v1",
      modelNames: ["small", "large"],
      headers: { "X-Team": "search" },
      enableDefaultModels: false,
      functionCallingEnabled: false,
      authType: enumValue("proxy_with_headers"),
    };
    const created = await create("Every field", "custom", { apiKey: "fake-key", ...fields });
    const returned = Object.fromEntries(Object.keys(fields).map((name) => [name, created[name]]));
    assert.deepEqual(returned, fields);
  },
  "create with aws metadata": async () => {
    const providerMetadata = { kind: enumValue("aws"), role_arn: process.env.AI_INTEGRATIONS_ROLE, external_id: "e-1" };
    const created = await create("Bedrock", "awsBedrock", { providerMetadata });
    assert.deepEqual(created.providerMetadata, providerMetadata);
    delete providerMetadata.external_id;
    assert.deepEqual((await update(created.id, { providerMetadata })).providerMetadata, providerMetadata);
  },
  "create with gcp metadata": async () => {
    const providerMetadata = { kind: enumValue("gcp"), project_id: "p", location: "europe-west1", project_access_label: "P" };
    const created = await create("Vertex", "vertexAI", { providerMetadata });
    assert.deepEqual((await get(created.id)).providerMetadata, providerMetadata);
  },
  "create for one space": async () => {
    const created = await create("For one space", "openAI", { scopings: [{ spaceId: SPACE_ID }] });
    assert.deepEqual(created.scopings, [{ organizationId: undefined, spaceId: SPACE_ID }]);
    const changed = await update(created.id, { scopings: [] });
    assert.deepEqual(changed.scopings, [{ organizationId: undefined, spaceId: undefined }]);
  },
  "list in pages": async () => {
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
  "list integrations written in both formats": async () => {
    const providers = new Map((await listAll()).map(({ name, provider }) => [name, provider]));
    for (const name of JSON.parse(process.env.AI_INTEGRATIONS_SEEDED_NAMES)) {
      assert.match(providers.get(name), USES_CURRENT_FORMAT ? /^[A-Z_]+$/ : /^[a-z]+[A-Za-z]+$/);
    }
  },
  "list by name": async () => {
    const { id } = await create("Unique name in the list");
    assert.deepEqual((await listAll({ name: "UNIQUE NAME" })).map((each) => each.id), [id]);
  },
  "list by space id": async () => {
    const inSpace = await create("Of this space", "openAI", { scopings: [{ spaceId: SPACE_ID }] });
    const found = await listAll({ space: SPACE_ID });
    assert.ok(found.some(({ id }) => id === inSpace.id));
    assert.ok(!found.some(({ name }) => name === process.env.AI_INTEGRATIONS_NAME_IN_OTHER_SPACE));
  },
  "list by space name": async () => {
    const { id } = await create("Of a space by name", "openAI", { scopings: [{ spaceId: SPACE_ID }] });
    assert.ok((await listAll({ space: SPACE })).some((each) => each.id === id));
    assert.deepEqual(await listAll({ space: "no such space" }), []);
  },
  "get by id": async () => {
    const created = await create("By id", "openAI", { apiKey: "fake-key" });
    assert.deepEqual(await get(created.id), created);
  },
  "get by name in a space": async () => {
    const name = process.env.AI_INTEGRATIONS_NAME_IN_SPACE;
    const byNames = await get(name, SPACE);
    assert.equal(byNames.name, name);
    assert.equal((await get(name, SPACE_ID)).id, byNames.id);
  },
  "list spaces": async () => {
    const { data } = await listSpaces({ client, limit: 100 });
    assert.equal(data.find(({ id }) => id === SPACE_ID).name, SPACE);
  },
  "list spaces of an organization": async () => {
    const spaces = async (organizationId) => (await listSpaces({ client, organizationId })).data.map(({ id }) => id);
    assert.deepEqual(await spaces(ORGANIZATION_ID), [SPACE_ID]);
    assert.deepEqual(await spaces("T3JnYW5pemF0aW9uOjE6eHg="), []);
  },
  "get space by id and name": async () => {
    const space = await getSpace({ client, space: SPACE });
    assert.deepEqual([space.id, space.name], [SPACE_ID, SPACE]);
    assert.ok(!("organization_id" in space), "the client does not know the field");
    assert.deepEqual(await getSpace({ client, space: SPACE_ID }), space);
    await expectError(404, () => getSpace({ client, space: "U3BhY2U6MTp4eA==" }));
  },
  "list organizations in pages": async () => {
    const first = await listOrganizations({ client, limit: 1 });
    const second = await listOrganizations({ client, limit: 1, cursor: first.pagination.nextCursor });
    assert.deepEqual(second.data.map(({ id, name }) => [id, name]), [[ORGANIZATION_ID, ORGANIZATION]]);
  },
  "get organization by id and name": async () => {
    const organization = await getOrganization({ client, organization: ORGANIZATION });
    assert.equal(organization.id, ORGANIZATION_ID);
    assert.deepEqual(await getOrganization({ client, organization: ORGANIZATION_ID }), organization);
    await expectError(404, () => getOrganization({ client, organization: "T3JnYW5pemF0aW9uOjE6eHg=" }));
  },
  "list organizations with an empty name returns 400": async () => {
    await expectError(400, () => listOrganizations({ client, name: "" }));
  },
  "list audit logs of the own changes": async () => {
    const created = await create("Audited", "openAI", { apiKey: "fake-key" });
    await update(created.id, { name: "Audited and renamed" });
    await remove(created.id);
    const filters = {
      startTime: new Date(created.createdAt - 60_000),
      endTime: new Date(Date.now() + 60_000).toISOString(),
      userId: created.createdByUserId,
      operationType: "MUTATION",
    };
    const entries = await auditLogsOf(created.id, 3, filters);
    const operations = ["deleteAiIntegration", "updateAiIntegration", "createAiIntegration"];
    assert.deepEqual(entries.map((entry) => entry.operationName), operations);
    assert.deepEqual(JSON.parse(entries[1].variables).changed_fields, ["name"]);
    assert.ok(entries.every(({ userId, ip }) => userId === created.createdByUserId && ip === ""));
    assert.deepEqual(await auditLogsOf(created.id, 0, { operationType: "QUERY" }), []);
  },
  "list audit logs by a reader returns 403": async () => {
    const reader = connect(process.env.AI_INTEGRATIONS_READER_KEY);
    await expectError(403, () => listAuditLogs({ client: reader }));
  },
  "update name and models": async () => {
    const created = await create("Before", "openAI", { modelNames: ["a", "b"] });
    const changed = await update(created.id, { name: "After", modelNames: ["c"] });
    assert.deepEqual([changed.id, changed.name, changed.modelNames], [created.id, "After", ["c"]]);
    assert.notEqual((await create("Before")).id, created.id);
  },
  "remove and set the key": async () => {
    const created = await create("Keyed", "openAI", { apiKey: "fake-key" });
    assert.equal((await update(created.id, { name: "Keyed still" })).hasApiKey, true);
    assert.equal((await update(created.id, { apiKey: null })).hasApiKey, false);
    assert.equal((await update(created.id, { apiKey: "another-fake-key" })).hasApiKey, true);
  },
  "clear optional fields": async () => {
    const fields = { baseUrl: "https://models.example.com", headers: { "X-A": "b" } };
    const created = await create("To clear", "custom", fields);
    const changed = await update(created.id, { baseUrl: null, headers: null });
    assert.deepEqual([changed.baseUrl, changed.headers], [undefined, undefined]);
  },
  "delete integration": async () => {
    const { id } = await create("To delete", "openAI", { apiKey: "fake-key" });
    await remove(id);
    await expectError(404, () => get(id));
    await expectError(404, () => remove(id));
    await expectError(404, () => update(id, { name: "Gone" }));
  },
  "create with a taken name returns 409": async () => {
    await create("Taken");
    const error = await expectError(409, () => create("TAKEN"));
    assert.match(error.message, /has this name/);
    const other = await create("Free");
    await expectError(409, () => update(other.id, { name: "taken" }));
  },
  "list with an unknown key returns 401": async () => {
    const error = await expectError(401, () => listAiIntegrations({ client: connect("not-a-key") }));
    assert.equal(error.name, "AuthenticationError");
  },
  "create by a reader returns 403": async () => {
    const reader = connect(process.env.AI_INTEGRATIONS_READER_KEY);
    assert.ok((await listAiIntegrations({ client: reader })).data.length > 0);
    const call = () => createAiIntegration({ client: reader, name: "By a reader", provider: enumValue("openAI") });
    assert.equal((await expectError(403, call)).name, "AuthorizationError");
  },
  "get with a malformed id returns 400": async () => {
    await expectError(400, () => get("Tm9wZToxOjE="));
  },
  "create that breaks a rule returns 422": async () => {
    const error = await expectError(422, () => create("Masked", "openAI", { apiKey: "sk-****ef" }));
    assert.match(error.message, /\/api_key/);
    await expectError(422, () => create("No role", "awsBedrock"));
  },
};

console.warn = () => {}; // silence the preview warnings of the client
const steps = {};
for (const [name, step] of Object.entries(STEPS)) {
  steps[name] = await step().then(
    () => "ok",
    (error) => error.stack,
  );
}
console.log(JSON.stringify({ client: `@arizeai/ax-client ${VERSION}`, steps }, null, 2));
process.exitCode = Object.values(steps).every((outcome) => outcome === "ok") ? 0 : 1;
