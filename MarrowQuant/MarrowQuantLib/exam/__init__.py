"""One exam's series to the maps that are measured: Dixon, diffusion stations, ADC."""
