import type { Area } from '../domain/household.ts';
import { ROOT_AREA } from '../domain/household.ts';
import { areas, newArea, type Session } from './api.ts';

export type DemoArea = {
  readonly district: Area;
  readonly stations: readonly [Area, Area];
};

/** The demo's city, district, street and two stations: found by name, or made. */
export async function demoArea(session: Session): Promise<DemoArea> {
  const known = await areas(session);
  async function named(kind: Area['kind'], parentId: string, name: string): Promise<Area> {
    const found = known.find((one) => one.kind === kind && one.parentId === parentId && one.name === name);
    return found ?? newArea(session, { kind, parentId, name });
  }
  const city = await named('city', ROOT_AREA, '演示市');
  const district = await named('district', city.id, '演示区');
  const street = await named('street', district.id, '演示街道');
  return {
    district,
    stations: [await named('station', street.id, '演示社区一站'), await named('station', street.id, '演示社区二站')],
  };
}
