// The kinds of panel that the dashboards are made of, each with the options that all of its kind share.

import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as cog from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

import {colour, fixedColour, mapped, mappedRanges, outcomeColours, Ranges, Steps, Texts, thresholds, unit} from './look.js';
import {dataSource, now, nowAsTable, overTime, Query, refId} from './query.js';

export interface About {
  readonly title: string;
  // What somebody who looks at the panel wants to know, and how to read the answer.
  readonly question: string;
  readonly unit: string;
}

// What the SDK's panel builders have in common; it has no type for that.
interface AnyPanelBuilder extends cog.Builder<dashboard.Panel> {
  title(text: string): this;
  description(text: string): this;
  unit(unit: string): this;
  datasource(source: common.DataSourceRef): this;
  withTarget(target: cog.Builder<cog.Dataquery>): this;
}

function panel<Builder extends AnyPanelBuilder>(
  builder: Builder, about: About, queries: readonly Query[], ask: (query: Query, id: string) => cog.Builder<cog.Dataquery>): Builder {
  builder.title(about.title).description(about.question).unit(about.unit).datasource(dataSource);
  queries.forEach((query, index) => builder.withTarget(ask(query, refId(index))));
  return builder;
}

export interface StatOptions extends About {
  readonly query: Query;
  // Without, the number has no colour.
  readonly thresholds?: dashboard.ThresholdsConfigBuilder;
  readonly texts?: Texts;
  readonly noValue?: string;
  readonly textMode?: common.BigValueTextMode;
  // A second number, which is shown as a text that judges the first.
  readonly verdict?: {readonly query: Query; readonly ranges: Ranges};
}

export function statPanel(options: StatOptions): stat.PanelBuilder {
  const {verdict} = options;
  const builder = panel(new stat.PanelBuilder(), options, verdict ? [options.query, verdict.query] : [options.query], now)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .graphMode(common.BigValueGraphMode.None)
    .textMode(options.textMode ?? common.BigValueTextMode.Value)
    .colorMode(options.thresholds || options.texts || verdict ? common.BigValueColorMode.Value : common.BigValueColorMode.None)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
    .thresholds(options.thresholds ?? thresholds(colour.neutral, []));
  if (options.texts) builder.mappings(mapped(options.texts));
  if (options.noValue !== undefined) builder.noValue(options.noValue);
  if (verdict) builder.overrideByQuery('B', [{id: 'unit', value: unit.number}, {id: 'mappings', value: mappedRanges(verdict.ranges)}]);
  return builder;
}

export interface LinesOptions extends About {
  readonly queries: readonly Query[];
  readonly logarithmic?: true;
  // Identifiers of the queries whose lines are dashed: limits and bounds beside what is measured.
  readonly dashed?: readonly string[];
  readonly dashedAt?: Steps;
  readonly max?: number;
}

function legend(calculations: string[]): common.VizLegendOptionsBuilder {
  return new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.Table)
    .placement(common.LegendPlacement.Bottom)
    .showLegend(true)
    .calcs(calculations);
}

function tooltip(): common.VizTooltipOptionsBuilder {
  return new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending);
}

function classicPalette(): dashboard.FieldColorBuilder {
  return new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassic);
}

export function linesPanel(options: LinesOptions): timeseries.PanelBuilder {
  const builder = panel(new timeseries.PanelBuilder(), options, options.queries, overTime)
    .drawStyle(common.GraphDrawStyle.Line)
    .lineWidth(2)
    .fillOpacity(0)
    .showPoints(common.VisibilityMode.Auto)
    .legend(legend(['lastNotNull', 'max']))
    .tooltip(tooltip())
    .colorScheme(classicPalette());
  if (options.logarithmic) {
    builder.scaleDistribution(new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10));
  } else {
    builder.min(0);
  }
  if (options.max !== undefined) builder.max(options.max);
  for (const id of options.dashed ?? []) {
    builder.overrideByQuery(id, [{id: 'custom.lineStyle', value: {fill: 'dash', dash: [8, 8]}}, {id: 'custom.lineWidth', value: 1}]);
  }
  if (options.dashedAt) {
    builder.thresholds(thresholds('transparent', options.dashedAt))
      .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
  }
  return builder;
}

export interface BarsOptions extends About {
  readonly query: Query;
  // Colours by outcome, where the series are outcomes.
  readonly outcomes?: true;
}

export function stackedBarsPanel(options: BarsOptions): timeseries.PanelBuilder {
  const builder = panel(new timeseries.PanelBuilder(), options, [options.query], overTime)
    .drawStyle(common.GraphDrawStyle.Bars)
    .barAlignment(common.BarAlignment.Before)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'))
    .fillOpacity(80)
    .lineWidth(0)
    .min(0)
    .legend(legend(['lastNotNull']))
    .tooltip(tooltip())
    .colorScheme(classicPalette());
  if (options.query.interval !== undefined) builder.interval(options.query.interval);
  if (options.outcomes) {
    for (const [outcome, color] of Object.entries(outcomeColours)) builder.overrideByName(outcome, [fixedColour(color)]);
  }
  return builder;
}

export function barGaugePanel(options: About & {readonly query: Query}): bargauge.PanelBuilder {
  return panel(new bargauge.PanelBuilder(), options, [options.query], now)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .valueMode(common.BarGaugeValueMode.Text)
    .showUnfilled(false)
    .min(0)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Fixed).fixedColor(colour.blue));
}

// `unit` is that of the vertical axis: what the buckets of the histogram are bounds of.
export function heatmapPanel(options: About & {readonly query: Query}): heatmap.PanelBuilder {
  const builder = panel(new heatmap.PanelBuilder(), options, [{...options.query, heatmap: true}], overTime)
    .calculate(false)
    .color(new heatmap.HeatmapColorOptionsBuilder().mode(heatmap.HeatmapColorMode.Scheme).scheme('Viridis').steps(64)
      .scale(heatmap.HeatmapColorScale.Exponential).exponent(0.5))
    .yAxis(new heatmap.YAxisConfigBuilder().unit(options.unit))
    .cellGap(1)
    .tooltip(new heatmap.HeatmapTooltipBuilder().mode(common.TooltipDisplayMode.Single).yHistogram(true))
    .showLegend();
  if (options.query.interval !== undefined) builder.interval(options.query.interval);
  return builder;
}

export interface TableOptions extends About {
  readonly queries: readonly Query[];
  readonly noValue?: string;
}

export function tablePanel(options: TableOptions): table.PanelBuilder {
  const builder = panel(new table.PanelBuilder(), options, options.queries, nowAsTable)
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .thresholds(thresholds(colour.neutral, []));
  if (options.noValue !== undefined) builder.noValue(options.noValue);
  return builder;
}

export interface MatrixOptions extends TableOptions {
  readonly row: string;
  readonly column: string;
  readonly thresholds: dashboard.ThresholdsConfigBuilder;
}

export function matrixPanel(options: MatrixOptions): table.PanelBuilder {
  return tablePanel(options)
    .withTransformation({
      id: 'groupingToMatrix',
      options: {columnField: options.column, rowField: options.row, valueField: 'Value', emptyValue: 'null'},
    })
    .thresholds(options.thresholds)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
    .cellOptions({type: common.TableCellDisplayMode.ColorBackground, mode: common.TableCellBackgroundDisplayMode.Basic})
    // Thresholds would paint the labels of the rows as well.
    .overrideByName(`${options.row}\\${options.column}`, [{id: 'custom.cellOptions', value: {type: 'auto'}}, {id: 'unit', value: 'string'}]);
}

export function timelinePanel(options: About & {readonly query: Query; readonly texts: Texts}): statetimeline.PanelBuilder {
  return panel(new statetimeline.PanelBuilder(), options, [options.query], overTime)
    .mergeValues(true)
    .showValue(common.VisibilityMode.Never)
    .legend(legend([]))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Single).sort(common.SortOrder.None))
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
    .thresholds(thresholds(colour.neutral, []))
    .mappings(mapped(options.texts));
}
