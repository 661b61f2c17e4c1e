import classes from './signs.module.css';

/** Drawn on a grid of 24, in lines, by the text's own colour. */
const paths = {
  alert: 'M12 4a6 6 0 0 0-6 6c0 5-2 6-2 7h16c0-1-2-2-2-7a6 6 0 0 0-6-6zM10 20.5h4',
  back: 'M19 12H5m6-6-6 6 6 6',
  bell: 'M5 9.5v5h3.5L13 19V5L8.5 9.5zM16.5 9a4.5 4.5 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11',
  bellOff: 'M5 9.5v5h3.5L13 19V5L8.5 9.5zM16.5 9.5l5 5m0-5-5 5',
  battery: 'M3 8h15v8H3zM21 11v2M6 11v2m3-2v2',
  check: 'm5 12.5 4.5 4.5L19 7',
  comment: 'M4 5h16v11H10l-4 3.5V16H4z',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  down: 'm6 9 6 6 6-6',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  gear: 'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v2.5m0 13V21M3 12h2.5m13 0H21M5.6 5.6l1.8 1.8m9.2 9.2 1.8 1.8m0-12.8-1.8 1.8m-9.2 9.2-1.8 1.8',
  help: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.6 9.5a2.5 2.5 0 1 1 3.4 2.3c-.7.3-1 .8-1 1.7m0 3v.1',
  home: 'M4 11.5 12 4l8 7.5V20h-5.5v-5h-5v5H4z',
  key: 'M8 11.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm3 1L20 3.5m-3 3 3 3m-6-1 2 2',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  pencil: 'M4 20l1-4L16.5 4.5l3 3L8 19zM14 7l3 3',
  phone:
    'M6 3.5h3l1.5 4.5-2 1.5a12 12 0 0 0 5.5 5.5l1.5-2 4.5 1.5v3a2 2 0 0 1-2 2A15.5 15.5 0 0 1 4 5.5a2 2 0 0 1 2-2z',
  plus: 'M12 5v14M5 12h14',
  pulse: 'M2.5 12.5H7l2.5-7 5 13 2.5-6h4.5',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2m0 15v2M2.5 12h2m15 0h2M5.3 5.3l1.4 1.4m10.6 10.6 1.4 1.4m0-13.4-1.4 1.4M6.7 17.3l-1.4 1.4',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13',
  user: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c.5-4 3.5-6 7.5-6s7 2 7.5 6',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className={classes.icon} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
