import { z } from "zod";

/** Zendesk's ids are numbers in some places and texts in others. */
export const idText = z.union([z.string().min(1).max(300), z.int()]).transform(String);

/** A time of Zendesk's, in UTC. Throws nothing: what is no time fails the schema. */
export const momentText = z.iso.datetime({ offset: true });
