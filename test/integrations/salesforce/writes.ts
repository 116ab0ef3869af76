import { type Visibility, visibleFields } from "./fields.ts";
import { idOf, moment, type Organization } from "./organization.ts";
import { failed, type Reply } from "./reply.ts";
import type { Row } from "./soql.ts";

/** Why a row may not be written. */
export interface Refusal {
  readonly errorCode: string;
  readonly message: string;
  readonly fields?: readonly string[];
}

export interface WriteDeps {
  readonly organization: Organization;
  readonly visibility: Visibility;
  /** Who writes, and when. */
  readonly user: string;
  readonly clock: () => Date;
  /** The organization's validation rules. */
  readonly rule: (object: string, row: Row) => Refusal | null;
}

/** `POST` and `PATCH /sobjects/<object>…`: `field` and `value` are the parts of the path behind it. */
export function writeOne(deps: WriteDeps, object: string, by: readonly string[], body: Row): Reply {
  const [field, value] = by;
  if (field === undefined) return write(deps, object, () => false, body);
  if (value === undefined) return write(deps, object, (row) => row["Id"] === field, body);
  if (deps.visibility.custom.get(`${object}.${field}`)?.externalId !== true) {
    return failed(404, "NOT_FOUND", `Provided external ID field does not exist or is not accessible: ${field}`);
  }
  return write(deps, object, (row) => row[field] === value, { ...body, [field]: value });
}

/** `PATCH /composite/sobjects`: each row for itself. */
export function writeCollection(deps: WriteDeps, body: Row): Reply {
  const records: readonly Row[] = Array.isArray(body["records"]) ? body["records"] : [];
  if (records.length > 200) return failed(400, "EXCEEDED_MAX_SIZE_REQUEST", "record limit reached");
  const results = records.map(({ attributes: _, Id: id, ...fields }) => {
    const rows = deps.organization["Account"] ?? [];
    const isThere = rows.some((row) => row["Id"] === id && row["IsDeleted"] !== true);
    const gone = { errorCode: "ENTITY_IS_DELETED", message: "entity is deleted" };
    const refusal = isThere ? refusalOf(deps, "Account", fields) : gone;
    if (refusal !== null) {
      const { errorCode: statusCode, message, fields: named = [] }: Refusal = refusal;
      return { success: false, errors: [{ statusCode, message, fields: named }] };
    }
    write(deps, "Account", (row) => row["Id"] === id, fields);
    return { id, success: true, errors: [] };
  });
  return { status: 200, body: results };
}

function write(deps: WriteDeps, object: string, match: (row: Row) => boolean, fields: Row): Reply {
  const { organization, user, clock } = deps;
  const refusal = refusalOf(deps, object, fields);
  if (refusal !== null) return { status: 400, body: [refusal] };
  const rows = organization[object] ?? [];
  organization[object] = rows;
  const stamp = { SystemModstamp: moment(clock().toISOString()), LastModifiedById: user };
  const index = rows.findIndex((row) => match(row) && row["IsDeleted"] !== true);
  if (index >= 0) {
    rows[index] = { ...rows[index], ...fields, ...stamp };
    return { status: 200, body: { id: rows[index]?.["Id"], success: true, errors: [], created: false } };
  }
  const id = idOf("00T", rows.length + 1);
  const usual = { Status: "Not Started", IsClosed: false, IsDeleted: false, CreatedDate: stamp.SystemModstamp };
  rows.push({ Id: id, ...usual, ...fields, ...stamp });
  return { status: 201, body: { id, success: true, errors: [], created: true } };
}

function refusalOf({ visibility, rule }: WriteDeps, object: string, fields: Row): Refusal | null {
  const visible = visibleFields(visibility, object);
  const unknown = Object.keys(fields).find((name) => !visible.includes(name));
  if (unknown === undefined) return rule(object, fields);
  return { errorCode: "INVALID_FIELD", message: `No such column '${unknown}' on sobject of type ${object}` };
}
