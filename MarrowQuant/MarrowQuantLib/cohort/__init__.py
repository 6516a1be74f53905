"""From the results of many patients to the statistics of a paper, and to a response model of one's own."""
