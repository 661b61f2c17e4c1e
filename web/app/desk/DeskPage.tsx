import { Navigate } from '@tanstack/react-router';
import { roleMay, useMe } from '../queries.ts';
import { Desk } from './Desk.tsx';

/** Everybody begins here, and those who have no desk are led to what they do have. */
export function DeskPage() {
  const me = useMe();
  if (me.householdId !== null) return <Navigate to="/households/$id" params={{ id: me.householdId }} replace />;
  if (!roleMay(me.role, 'alert.see')) return <Navigate to="/households" replace />;
  return <Desk />;
}
