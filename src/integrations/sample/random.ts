import { uniformFloat32 } from "pure-rand/distribution/uniformFloat32";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** Draws that depend on nothing but the path they were opened with. */
export interface Random {
  /** 0 (included) to 1 (excluded). */
  unit(): number;
  between(low: number, high: number): number;
  /** A whole number, both ends included. */
  whole(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  /** How many events fall into a period that sees `mean` of them on average. */
  poisson(mean: number): number;
}

/**
 * A generator of its own for each path, such as (seed, purpose, account, day): a day draws the same whether it is generated
 * alone or within a year.
 */
export function openRandom(...path: readonly number[]): Random {
  let hash = 0;
  for (const part of path) hash = mix(hash ^ mix(part));
  return new Draws(xoroshiro128plusFromState([mix(hash ^ 1), mix(hash ^ 2), mix(hash ^ 3), mix(hash ^ 4)]));
}

/** A class, because a year of the sample opens half a million of them. */
class Draws implements Random {
  readonly #generator: RandomGenerator;

  constructor(generator: RandomGenerator) {
    this.#generator = generator;
  }

  unit(): number {
    return uniformFloat32(this.#generator);
  }

  between(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }

  whole(low: number, high: number): number {
    return uniformInt(this.#generator, low, high);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const index = this.whole(0, list.length - 1);
    const found = list[index];
    if (found === undefined) throw new Error(`cannot pick number ${index} of a list of ${list.length}`);
    return found;
  }

  /** Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit());
  }

  /** Knuth: as many draws as it takes for their product to fall below e^-mean. */
  poisson(mean: number): number {
    const floor = Math.exp(-mean);
    let count = 0;
    for (let product = this.unit(); product > floor; product *= this.unit()) count += 1;
    return count;
  }
}

/** The finaliser of MurmurHash3: near inputs give unrelated outputs. */
function mix(value: number): number {
  let hash = (value + 0x9e3779b9) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
