import { type CSSVariablesResolver, createTheme, type MantineTheme, Modal, rem } from '@mantine/core';

const fonts =
  '-apple-system, "PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", system-ui, sans-serif';

const small = { description: { fontSize: rem(14) } };

/** The one place where Shouwang's look is decided. Pages use these tokens and the variables below, never a value of their own. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  luminanceThreshold: 0.24,
  cursorType: 'pointer',
  respectReducedMotion: true,
  defaultRadius: 'md',
  fontFamily: fonts,
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "Noto Sans Mono CJK SC", monospace',
  /** 16 px to read, 14 px in dense tables, nothing smaller: our operators are not all young. */
  fontSizes: { xs: rem(14), sm: rem(15), md: rem(16), lg: rem(18), xl: rem(21) },
  lineHeights: { xs: '1.45', sm: '1.5', md: '1.6', lg: '1.6', xl: '1.5' },
  headings: {
    fontFamily: fonts,
    fontWeight: '600',
    sizes: {
      h1: { fontSize: rem(24), lineHeight: '1.35' },
      h2: { fontSize: rem(20), lineHeight: '1.4' },
      h3: { fontSize: rem(16), lineHeight: '1.5' },
      h4: { fontSize: rem(15), lineHeight: '1.5' },
    },
  },
  components: {
    InputWrapper: { styles: small },
    Checkbox: { styles: small },
    Switch: { styles: small },
    Modal: Modal.extend({
      defaultProps: {
        // A dialog's head is no banner of the page.
        attributes: { header: { role: 'presentation' } },
      },
      styles: { title: { fontWeight: 600 } },
    }),
  },
  colors: {
    dark: [
      '#d3d7df',
      '#b9bfca',
      '#9aa1af',
      '#6d7483',
      '#414855',
      '#313742',
      '#262b34',
      '#1b1f26',
      '#15181e',
      '#0f1115',
    ],
  },
});

/** Variables whose value differs between the themes. Every pair of text and ground here has a contrast of at least 4.5:1. */
type Look = Record<`--sw-${string}` | `--mantine-${string}`, string>;

function light(c: MantineTheme['colors']): Look {
  return {
    '--sw-ground': c.gray[0],
    '--sw-surface': '#ffffff',
    '--sw-sunken': c.gray[1],
    '--sw-line': c.gray[3],
    '--sw-hover': c.gray[1],
    '--sw-chosen': c.indigo[0],
    '--sw-chosen-edge': c.indigo[8],
    '--sw-p1-tint': c.red[0],
    '--sw-p1-text': c.red[9],
    '--sw-p2-tint': c.orange[0],
    '--sw-p2-text': '#b13a02',
    '--sw-p3-tint': c.yellow[0],
    '--sw-p3-text': '#8a5300',
    '--sw-p4-tint': c.gray[1],
    '--sw-p4-text': c.gray[7],
    '--sw-well-tint': c.teal[0],
    '--sw-well-text': '#08704f',
    '--sw-stripe': c.gray[3],
    '--sw-heat': c.indigo[7],
    '--sw-band': '#e6f4ef',
    '--mantine-color-dimmed': '#535b63',
    '--mantine-color-placeholder': '#646c75',
    '--mantine-color-error': c.red[9],
    '--mantine-color-anchor': c.indigo[8],
    '--mantine-color-indigo-light-color': c.indigo[9],
    '--mantine-color-gray-light-color': c.gray[8],
  };
}

function dark(c: MantineTheme['colors']): Look {
  return {
    '--sw-ground': c.dark[9],
    '--sw-surface': c.dark[7],
    '--sw-sunken': c.dark[8],
    '--sw-line': c.dark[5],
    '--sw-hover': c.dark[6],
    '--sw-chosen': '#252d49',
    '--sw-chosen-edge': c.indigo[4],
    '--sw-p1-tint': '#3a1a1e',
    '--sw-p1-text': c.red[3],
    '--sw-p2-tint': '#38230f',
    '--sw-p2-text': c.orange[3],
    '--sw-p3-tint': '#332a10',
    '--sw-p3-text': c.yellow[3],
    '--sw-p4-tint': c.dark[6],
    '--sw-p4-text': c.gray[4],
    '--sw-well-tint': '#0e2f28',
    '--sw-well-text': c.teal[3],
    '--sw-stripe': c.dark[5],
    '--sw-heat': c.indigo[4],
    '--sw-band': '#18302b',
    '--mantine-color-body': c.dark[7],
    '--mantine-color-text': '#dfe3ea',
    '--mantine-color-dimmed': '#a4abb8',
    '--mantine-color-placeholder': '#949ba9',
    '--mantine-color-error': c.red[4],
    '--mantine-color-anchor': c.indigo[3],
    '--mantine-color-indigo-light-color': c.indigo[2],
    '--mantine-color-gray-light-color': c.gray[3],
  };
}

export const variables: CSSVariablesResolver = ({ colors: c }) => ({
  variables: {
    '--sw-p1': c.red[8],
    '--sw-p1-on': '#ffffff',
    '--sw-p1-edge': c.red[9],
    '--sw-p2': c.orange[7],
    '--sw-p2-on': '#1a1005',
    '--sw-p2-edge': c.orange[9],
    '--sw-p3': c.yellow[6],
    '--sw-p3-on': '#241a02',
    '--sw-p3-edge': '#b06d00',
    '--sw-p4': c.gray[6],
    '--sw-p4-on': '#0f1115',
    '--sw-p4-edge': c.gray[7],
    '--sw-well': c.teal[7],
    '--sw-touch': rem(48),
    '--sw-bar': rem(52),
    '--sw-tabs': rem(60),
    '--sw-row': rem(64),
    '--sw-narrow': rem(420),
    '--sw-queue': rem(390),
    '--sw-file': rem(370),
    '--sw-page': rem(1240),
    '--sw-chart': rem(150),
  },
  light: light(c),
  dark: dark(c),
});
