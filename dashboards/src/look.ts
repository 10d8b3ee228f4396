// Colours and units. Colour never carries meaning alone: what is coloured also shows its number or a mapped text.

import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as units from '@grafana/grafana-foundation-sdk/units';

// Okabe and Ito's palette, which people with any kind of colour vision tell apart.
export const colour = {
  good: '#009E73',
  attention: '#E69F00',
  bad: '#D55E00',
  neutral: '#999999',
  blue: '#0072B2',
  sky: '#56B4E9',
  purple: '#CC79A7',
  yellow: '#F0E442',
} as const;

export const unit = {
  count: units.Short,
  seconds: units.Seconds,
  duration: units.DurationSeconds,
  ratio: units.PercentUnit,
  bytes: units.BytesIEC,
  perSecond: units.CountsPerSecond,
  number: units.Number,
} as const;

export type Steps = readonly (readonly [from: number, colour: string])[];

// Neutral below the first step.
export function thresholds(base: string, steps: Steps): dashboard.ThresholdsConfigBuilder {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([{value: null, color: base}, ...steps.map(([value, color]) => ({value, color}))]);
}

// The larger, the worse.
export function worseFrom(attention: number, bad: number): dashboard.ThresholdsConfigBuilder {
  return thresholds(colour.good, [[attention, colour.attention], [bad, colour.bad]]);
}

// The smaller, the worse.
export function betterFrom(attention: number, good: number): dashboard.ThresholdsConfigBuilder {
  return thresholds(colour.bad, [[attention, colour.attention], [good, colour.good]]);
}

export function fixedColour(color: string): dashboard.DynamicConfigValue {
  return {id: 'color', value: {mode: 'fixed', fixedColor: color}};
}

export type Texts = Readonly<Record<string, readonly [text: string, color: string]>>;

export function mapped(texts: Texts): dashboard.ValueMapping[] {
  const options: Record<string, dashboard.ValueMappingResult> = {};
  Object.entries(texts).forEach(([value, [text, color]], index) => (options[value] = {text, color, index}));
  return [{type: dashboard.MappingType.ValueToText, options}];
}

export type Ranges = readonly (readonly [from: number, text: string, color: string])[];

// Each text from its number up to that of the next.
export function mappedRanges(ranges: Ranges): dashboard.ValueMapping[] {
  return ranges.map(([from, text, color], index) => ({
    type: dashboard.MappingType.RangeToText,
    options: {from, to: ranges[index + 1]?.[0] ?? null, result: {text, color, index}},
  }));
}

// The same colour for an outcome wherever it is shown.
export const outcomeColours: Readonly<Record<string, string>> = {
  completed: colour.good,
  hung: colour.bad,
  wedged: colour.purple,
  crashed: colour.attention,
  invalid: colour.yellow,
  refused: colour.sky,
  missing: colour.neutral,
};

export const DAY_S = 86400;
