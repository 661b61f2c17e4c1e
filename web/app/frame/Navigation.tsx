import { Link } from '@tanstack/react-router';
import type { Role, User } from '../../../domain/user.ts';
import { roleMay } from '../queries.ts';
import { Icon, type IconName } from '../signs/Icon.tsx';
import { useWords } from '../words/speak.ts';
import classes from './frame.module.css';

type Place = {
  readonly to: '/' | '/households' | '/register' | '/system' | '/settings';
  readonly word: 'desk' | 'households' | 'register' | 'system' | 'settings';
  readonly icon: IconName;
  readonly for: (role: Role) => boolean;
};

/** In order of use; a phone shows the first four that the role may see. */
const places: readonly Place[] = [
  { to: '/', word: 'desk', icon: 'alert', for: (role) => role !== 'family' && roleMay(role, 'alert.see') },
  { to: '/households', word: 'households', icon: 'home', for: (role) => role !== 'family' },
  { to: '/register', word: 'register', icon: 'plus', for: (role) => roleMay(role, 'hub.edit') },
  { to: '/settings', word: 'settings', icon: 'gear', for: () => true },
  { to: '/system', word: 'system', icon: 'pulse', for: (role) => roleMay(role, 'system.see') },
];

export function Navigation({ me, where }: { me: User; where: 'bar' | 'tabs' }) {
  const { t } = useWords();
  const shown = places.filter((place) => place.for(me.role)).slice(0, where === 'tabs' ? 4 : places.length);
  return (
    <nav className={classes[where]} aria-label={t('frame.navigation')}>
      {me.householdId !== null && (
        <Link to="/households/$id" params={{ id: me.householdId }} className={classes.place ?? ''}>
          <Icon name="home" />
          {t('nav.myHousehold')}
        </Link>
      )}
      {shown.map(({ to, word, icon }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: to === '/', includeSearch: false }}
          className={classes.place ?? ''}
        >
          <Icon name={icon} />
          {t(`nav.${word}`)}
        </Link>
      ))}
    </nav>
  );
}
