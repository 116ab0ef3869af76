import type { MapContext } from "../../integrations/mapped-port.ts";
import type { Owners } from "../../playbooks/owners.ts";
import type { Db } from "../../store/db.ts";
import { readSourceOwners, type SourceOwner } from "../../store/source-owners.ts";

/** What mapping may use for a source, with its users as they are known now. */
export async function mapContextOf(
  deps: { readonly db: Db; readonly zone: string; readonly owners: Owners },
  source: string,
  now: Date,
): Promise<MapContext> {
  const users = await readSourceOwners(deps.db, source);
  return { now, zone: deps.zone, ownerOf: ownerFinder(deps.owners, users) };
}

/** A vendor's user, by their id there or their address, is our owner of that address; one whom owners.json does not know goes by the address itself. */
function ownerFinder(
  { owners }: Owners,
  users: ReadonlyMap<string, Pick<SourceOwner, "email">>,
): MapContext["ownerOf"] {
  const byAddress = new Map(owners.map(({ id, email }) => [email.toLowerCase(), id]));
  return (externalId) => {
    const email = users.get(externalId)?.email ?? null;
    return byAddress.get((email ?? externalId).toLowerCase()) ?? email;
  };
}
