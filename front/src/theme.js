/** The grid in the picker's colours and measures, which picker.css takes from where it is shown. */
import { createTheme, iconSetQuartzRegular } from "ag-grid-community";

export const ROW = 28;
export const ROW_WITH_HIT = 46;

export const theme = createTheme().withPart(iconSetQuartzRegular).withParams({
  accentColor: "var(--cp-accent)",
  backgroundColor: "var(--cp-bg)",
  foregroundColor: "var(--cp-fg)",
  textColor: "var(--cp-fg)",
  borderColor: "var(--cp-line)",
  browserColorScheme: "inherit",
  cellHorizontalPadding: 7,
  cellTextColor: "var(--cp-fg)",
  chromeBackgroundColor: "var(--cp-chrome)",
  focusShadow: "none",
  fontFamily: "inherit",
  fontSize: "var(--cp-font-size)",
  dataFontSize: "var(--cp-font-size)",
  headerBackgroundColor: "var(--cp-chrome)",
  headerColumnResizeHandleColor: "var(--cp-line)",
  headerFontSize: "var(--cp-font-size-small)",
  headerFontWeight: 600,
  headerHeight: 28,
  headerTextColor: "var(--cp-muted)",
  iconColor: "var(--cp-muted)",
  iconSize: 14,
  rowBorder: "solid 1px var(--cp-line-faint)",
  rowHeight: ROW,
  rowHoverColor: "var(--cp-hover)",
  selectedRowBackgroundColor: "var(--cp-selected)",
  spacing: 4,
  wrapperBorder: false,
  wrapperBorderRadius: 0,
});
