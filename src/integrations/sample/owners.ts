/** The sample company's customer success managers; `examples/sample-company/config/owners.json` describes the same five. */
export const sampleOwners = [
  { key: "mira.solberg", name: "Mira Solberg", region: "EU" },
  { key: "tomas.reyl", name: "Tomas Reyl", region: "EU" },
  { key: "dana.whitcombe", name: "Dana Whitcombe", region: "US" },
  { key: "joel.amsden", name: "Joel Amsden", region: "US" },
  { key: "aiko.terrane", name: "Aiko Terrane", region: "APAC" },
] as const;
