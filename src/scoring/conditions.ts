import { z } from "zod";
import { type CompiledLeaf, compileLeaf, type Operand, type TruthCode } from "./conditions/leaf.ts";
import { leafTest } from "./conditions/leaf-test.ts";
import { type ConditionNode, isTrend, type LeafNode, type Operator, readCondition } from "./conditions/structure.ts";
import { combineTree, decidingLeaves, judgeTree, type Tree } from "./conditions/tree.ts";
import { leafWords } from "./conditions/words.ts";
import { basesOf } from "./derived-facts.ts";
import { durationSchema } from "./duration.ts";
import type { FactCatalogue } from "./fact-catalogue.ts";
import type { Facts, FactValue } from "./facts.ts";
import { type Fault, faultAt, joinPath } from "./fault.ts";

/** True, false, or null for unknown. */
export type Truth = boolean | null;

/** What one leaf found. */
export interface LeafResult {
  /** As the document names it. */
  readonly fact: string;
  readonly operator: Operator;
  readonly operand: Operand;
  /** Null when the fact is missing; for a rise or a fall, by how much. */
  readonly value: FactValue | null;
  readonly truth: Truth;
  /** `score 34.2 is below 40`. */
  readonly words: string;
}

/** Why a fact is missing, in words, where that is known. */
export type MissingReason = (fact: string) => string | undefined;

/** A condition's leaves in the order written, and the closure that combines their results. */
export interface ConditionProgram {
  readonly leaves: readonly CompiledLeaf[];
  /** From results (-1, 0, 1) that begin at `from`, the whole's. */
  readonly combine: (results: Int8Array, from: number) => number;
}

/** A condition ready to be judged as often as one likes. */
export interface CompiledCondition {
  /** The facts it names, each once; of a derived fact those it derives from as well. */
  readonly facts: readonly string[];
  readonly leafCount: number;
  /** What a `ConditionSet` is made from. */
  readonly program: ConditionProgram;
  /** Stops at the first leaf that decides; allocates nothing. */
  truth(facts: Facts): Truth;
  /** As `truth`, and writes every leaf's result into `out`, in the order written: -1 false, 0 unknown, 1 true. */
  evaluateInto(facts: Facts, out: Int8Array): Truth;
  /** Every leaf's result, in the order written. */
  leaves(facts: Facts, missingReason?: MissingReason): readonly LeafResult[];
  /** The leaves that decide, in words with numbers: `score 34.2 is below 40 and segment is enterprise`. */
  why(facts: Facts, missingReason?: MissingReason): string;
}

/** A leaf as a document writes it: a fact and one operator. */
export interface LeafDocument {
  readonly fact: string;
  readonly [operator: string]: unknown;
}

/** A condition as a document writes it. */
export type ConditionDocument =
  | { readonly all: readonly ConditionDocument[] }
  | { readonly any: readonly ConditionDocument[] }
  | { readonly not: ConditionDocument }
  | LeafDocument;

const value = z.union([z.string(), z.number(), z.boolean()]);
const rank = z.union([z.number(), z.iso.date()]);
const fact = z.string().describe("The name of a fact: segment, score, band, nps.latest, account.fields.<name> …");
const leafSchema = z.union([
  z.strictObject({ fact, is: value }),
  z.strictObject({ fact, isNot: value }),
  z.strictObject({ fact, in: z.array(value).min(1) }),
  z.strictObject({ fact, notIn: z.array(value).min(1) }),
  z.strictObject({ fact, below: rank }),
  z.strictObject({ fact, atMost: rank }),
  z.strictObject({ fact, above: rank }),
  z.strictObject({ fact, atLeast: rank }),
  z.strictObject({ fact, between: z.tuple([rank, rank]) }),
  z.strictObject({ fact, contains: z.string() }),
  z.strictObject({ fact, exists: z.literal(true) }),
  z.strictObject({ fact, missing: z.literal(true) }),
  z.strictObject({ fact, fallsBy: z.number().positive(), within: durationSchema }),
  z.strictObject({ fact, risesBy: z.number().positive(), within: durationSchema }),
]);
const treeSchema: z.ZodType<ConditionDocument> = z
  .lazy(() =>
    z.union([
      z.strictObject({ all: z.array(treeSchema).min(1) }),
      z.strictObject({ any: z.array(treeSchema).min(1) }),
      z.strictObject({ not: treeSchema }),
      leafSchema,
    ]),
  )
  .meta({ id: "condition", description: "all, any or not over leaves, each a fact and one operator" });

/**
 * A condition's shape, for documents that hold one and for the published JSON Schema. It is read by hand before zod sees it: a union
 * cannot say what is wrong, and a recursive schema cannot bear a document nested 20,000 deep. Facts, and operands that fit them, are
 * the compiler's matter.
 */
export const conditionSchema = z.preprocess((document, context) => {
  const { faults } = readCondition(document, "");
  for (const { keys, met, message } of faults) {
    context.addIssue({ code: "custom", input: met, path: [...keys], message });
  }
  return faults.length === 0 ? document : z.NEVER;
}, treeSchema);

/** Compiles a condition to closures, or lists everything wrong with it; `at` is its path within its document. */
export function compileCondition(
  document: unknown,
  catalogue: FactCatalogue,
  at = "",
): { readonly condition: CompiledCondition } | { readonly faults: readonly Fault[] } {
  const { node, faults: shape } = readCondition(document, at);
  const leaves: CompiledLeaf[] = [];
  const faults: Fault[] = shape.map(({ keys, met, message }) => faultAt(joinPath(at, ...keys), met, message));
  if (node === null) return { faults };
  const tree = plant(node, (leaf) => {
    const compiled = fitLeaf(leaf, catalogue);
    if ("operator" in compiled) return leaves.push(compiled) - 1;
    faults.push(compiled);
    return -1;
  });
  return faults.length > 0 ? { faults } : { condition: compiled(tree, leaves) };
}

/** True of every account, and says nothing. */
export const always: CompiledCondition = compiled({ kind: "all", parts: [] }, []);

function plant(node: ConditionNode, addLeaf: (leaf: LeafNode) => number): Tree {
  switch (node.kind) {
    case "leaf":
      return { kind: "leaf", index: addLeaf(node) };
    case "not":
      return { kind: "not", part: plant(node.part, addLeaf) };
    case "all":
    case "any":
      return { kind: node.kind, parts: node.parts.map((part) => plant(part, addLeaf)) };
    default:
      return node satisfies never;
  }
}

function fitLeaf(leaf: LeafNode, catalogue: FactCatalogue): CompiledLeaf | Fault {
  const type = catalogue.typeOf(leaf.fact);
  if (type === null) return faultAt(joinPath(leaf.path, "fact"), leaf.fact, catalogue.refusal(leaf.fact));
  const refusal = isTrend(leaf.operator) && type === "number" ? trendRefusal(leaf.fact, catalogue) : null;
  if (refusal !== null) return faultAt(joinPath(leaf.path, leaf.operator), leaf.operand, refusal);
  const compiled = compileLeaf(leaf, type);
  return "refusal" in compiled ? faultAt(joinPath(leaf.path, leaf.operator), leaf.operand, compiled.refusal) : compiled;
}

function trendRefusal(fact: string, catalogue: FactCatalogue): string | null {
  if (catalogue.trendRefusal !== undefined) return catalogue.trendRefusal(fact);
  return "stored scores are not looked at here: only playbooks may name a rise or a fall";
}

function compiled(tree: Tree, leaves: readonly CompiledLeaf[]): CompiledCondition {
  const facts = leaves.flatMap(({ fact }) => [...basesOf(fact), fact]);
  const judges = leaves.map((leaf) => {
    const { fact } = leaf;
    const test = leafTest(leaf);
    return (known: Facts): TruthCode => test(known.get(fact));
  });
  const judge = judgeTree(tree, judges);
  const combine = combineTree(tree);
  const judgeLeaves = (known: Facts, out: Int8Array): Int8Array => {
    for (let index = 0; index < judges.length; index++) out[index] = judges[index]?.(known) ?? 0;
    return out;
  };
  return {
    facts: [...new Set(facts)],
    leafCount: leaves.length,
    program: { leaves, combine },
    truth: (known) => truthOf(judge(known)),
    evaluateInto: (known, out) => truthOf(combine(judgeLeaves(known, out), 0)),
    leaves: (known, missingReason) => {
      const results = judgeLeaves(known, new Int8Array(leaves.length));
      return leaves.map((leaf, index) => leafResult(leaf, codeOf(results[index] ?? 0), known, missingReason));
    },
    why: (known, missingReason) => {
      const results = judgeLeaves(known, new Int8Array(leaves.length));
      const deciding = new Set(decidingLeaves(tree, results));
      const words = leaves.map(
        (leaf, index) => leafResult(leaf, codeOf(results[index] ?? 0), known, missingReason).words,
      );
      return [...new Set(words.filter((_, index) => deciding.has(index)))].join(" and ");
    },
  };
}

function leafResult(
  leaf: CompiledLeaf,
  code: TruthCode,
  known: Facts,
  missingReason: MissingReason | undefined,
): LeafResult {
  const { fact, operator, operand } = leaf;
  const words = leafWords(leaf, code, known, missingReason?.(fact));
  return { fact: baseOf(fact), operator, operand, value: known.get(fact) ?? null, truth: truthOf(code), words };
}

/** What a document calls the fact. */
function baseOf(fact: string): string {
  return basesOf(fact)[0] ?? fact;
}

function truthOf(code: number): Truth {
  return code === 0 ? null : code > 0;
}

function codeOf(code: number): TruthCode {
  if (code === 0) return 0;
  return code > 0 ? 1 : -1;
}
