import { z } from "zod";

/** Names that are kept in keys and shown in messages: `save-at-risk`. */
export const kebabSchema = z
  .string()
  .max(80)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected small letters, digits and single hyphens, such as "save-at-risk"');
/** Characters of one template. */
export const longestTemplate = 20_000;
export const templateSchema = z.string().min(1).max(longestTemplate);
export const nameSchema = z.string().min(1).max(200);
/** A name, or several of which one will do. */
export const namesSchema = z.union([nameSchema, z.array(nameSchema).min(1)]);
export const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);
/** A time of day, to the minute. */
export const timeOfDaySchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day, such as "09:00"');
/** The least urgent first. */
export const priorities = ["info", "warning", "escalation"] as const;
export const prioritySchema = z.enum(priorities);
export type Priority = z.infer<typeof prioritySchema>;
