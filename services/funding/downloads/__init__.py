"""Tables as files: CSV, XLSX with its dictionary, Parquet, all three written from one description of the columns."""
