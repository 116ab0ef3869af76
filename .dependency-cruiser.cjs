// The floors of the house (docs/architecture.md): who may import whom, held by `npm run check:floors`.

/** Floors of `src/`, each with the floors beneath it that it may import. Files of a floor may always import each other. */
const floors = {
  scoring: { may: [], because: "what is true rests on nothing of ours" },
  playbooks: { may: ["scoring"], because: "what should happen is decided from what is true, without knowing who asks" },
  store: {
    may: ["scoring", "playbooks"],
    because: "what is remembered knows what it remembers, not who sends or asks",
  },
  integrations: { may: ["scoring", "playbooks"], because: "vendors see records and messages, never our database" },
  queries: {
    may: ["scoring", "playbooks", "store"],
    because: "answers are made of what is remembered and what is true",
  },
  worker: {
    may: ["scoring", "playbooks", "store"],
    because: "the stages know ports, never a vendor, and nobody who asks",
  },
  http: {
    may: ["scoring", "playbooks", "store", "queries"],
    because: "http and worker meet only in the store, so that each may run without the other",
  },
  cli: {
    may: ["scoring", "playbooks", "store", "queries", "worker", "http"],
    because: "commands ask, and start the halves of the program",
  },
};

/** Single files that several floors may import, beside the floors themselves. */
const shared = {
  "config.ts": ["cli"],
  "log.ts": ["store", "integrations", "queries", "worker", "http", "cli"],
  "redaction.ts": ["store", "integrations", "queries", "worker", "http", "cli"],
  "integrations/ports.ts": ["worker", "http", "queries", "cli"],
  "integrations/source-port.ts": ["worker", "http", "queries", "cli"],
  "integrations/call-port.ts": ["worker", "http", "queries", "cli"],
  "integrations/mapped-port.ts": ["worker", "http", "queries", "cli"],
  "integrations/hook-port.ts": ["worker", "http", "queries", "cli"],
  "integrations/tracking-port.ts": ["http"],
  "integrations/sink-port.ts": ["worker"],
  // A format, no vendor: sources.json is one of the documents that are checked and published.
  "integrations/sources-schema.ts": ["queries"],
  // Files somebody hands in at the terminal: read by the import, which asks no network.
  "integrations/files/": ["queries", "cli"],
};

/** Every library, and the floors or root files that may use it. One that is not named here may be used nowhere in `src/`. */
const libraries = {
  axios: ["integrations"],
  "cli-progress": ["cli"],
  "cli-table3": ["cli"],
  commander: ["cli"],
  "csv-parse": ["integrations"],
  "json-p3": ["integrations"],
  "pg-cursor": ["integrations/sql"],
  saxes: ["integrations"],
  tinyglobby: ["integrations"],
  tldts: ["store"],
  "date-holidays": ["queries"],
  echarts: ["cli"],
  "email-providers": ["store"],
  express: ["http"],
  "fastest-levenshtein": ["queries", "cli"],
  "iconv-lite": ["integrations"],
  "ipaddr.js": ["integrations"],
  kysely: ["store"],
  liquidjs: ["playbooks"],
  luxon: ["scoring", "playbooks", "integrations", "queries", "worker"],
  "node-cron": ["worker"],
  nodemailer: ["integrations"],
  // A source may be a database, too: read through a connection of its own.
  pg: ["store", "integrations/sql"],
  "pg-copy-streams": ["store"],
  picocolors: ["cli"],
  pino: ["log.ts"],
  "prom-client": ["http"],
  "pure-rand": ["integrations"],
  standardwebhooks: ["integrations"],
  zod: ["scoring", "playbooks", "store", "integrations", "queries", "worker", "http", "cli", "config.ts"],
};

/** One rule: `from` may import only itself, the floors in `may`, and what is shared with it. */
function floor(name, from, may, because) {
  const own = `^src/${from}/`;
  const granted = Object.entries(shared).filter(([, users]) => users.includes(from));
  const allowed = [own, ...may.map((one) => `^src/${one}/`), ...granted.map(([path]) => `^src/${literal(path)}`)];
  return {
    name,
    comment: `${from} may import ${may.join(", ") || "none of the other floors"}: ${because}.`,
    severity: "error",
    from: { path: own },
    to: { path: "^src/", pathNot: allowed },
  };
}

/** One rule: `library` may be imported by `users` only. */
function placeLibrary(library, users) {
  return {
    name: `${library}-stays-in-place`,
    comment: `${library} is used in ${users.join(", ")} only, so that it can be replaced there.`,
    severity: "error",
    from: { path: "^src/", pathNot: users.map((user) => `^src/${literal(user)}${user.endsWith(".ts") ? "$" : "/"}`) },
    to: { path: `node_modules/(?:@types/)?${literal(library)}/` },
  };
}

function literal(text) {
  return text.replaceAll(".", "\\.");
}

const known = Object.keys(libraries).map((library) => `node_modules/(?:@types/)?${literal(library)}/`);

module.exports = {
  forbidden: [
    ...Object.entries(floors).map(([from, { may, because }]) => floor(`floor-${from}`, from, may, because)),
    ...Object.entries(libraries).map(([library, users]) => placeLibrary(library, users)),
    {
      name: "no-unplaced-library",
      comment: "A library that no floor owns: name it in this file, with the floors that may use it.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "node_modules/", pathNot: known },
    },
    {
      name: "domain-does-no-io",
      comment: "The domain reads no file, no socket, no clock and no chance: everything comes in as an argument.",
      severity: "error",
      from: { path: "^src/(scoring|playbooks)/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "only-compose-picks-adapters",
      comment: "src/compose.ts alone names vendors; readers of files are no vendors, and the import may use them.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(compose\\.ts$|integrations/)" },
      to: { path: "^src/integrations/[^/]+/", pathNot: "^src/integrations/files/" },
    },
    {
      name: "adapters-do-not-meet",
      comment: "One vendor never imports another: each can be taken out alone. What they share stands beside them.",
      severity: "error",
      from: { path: "^src/integrations/([^/]+)/" },
      to: { path: "^src/integrations/[^/]+/", pathNot: "^src/integrations/$1/" },
    },
    {
      name: "roots-stay-on-top",
      comment: "main.ts and compose.ts put the floors together; nobody beneath them may know how.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/main\\.ts$" },
      to: { path: "^src/(main|compose)\\.ts$" },
    },
    {
      name: "no-junk-drawers",
      comment: "A folder is named after what it is about: in utils, helpers and types nobody finds anything.",
      severity: "error",
      from: {},
      to: { path: "/(util|utils|helper|helpers|types|common)[/.]", pathNot: "node_modules/" },
    },
    {
      name: "no-circular",
      comment: "Two files that need each other are one file, or three.",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "A file that nobody imports and that imports nobody is dead.",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: "^src/main\\.ts$" },
      to: {},
    },
    {
      name: "source-never-sees-tests",
      comment: "What ships may not need what does not.",
      severity: "error",
      from: { path: "^(src|bin)/" },
      to: { path: "^(test|bench|scripts)/" },
    },
    {
      name: "no-unresolvable",
      comment: "An import that leads nowhere hides from every other rule.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // Type-only imports count: a floor that needs to know a type of another one knows the other one.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
    },
  },
};
