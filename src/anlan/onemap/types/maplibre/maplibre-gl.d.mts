/** The library as the page finds it beside our own scripts under the static address. */
export * from "maplibre-gl";
