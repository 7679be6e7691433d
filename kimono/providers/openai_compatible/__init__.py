"""Any endpoint that speaks the OpenAI protocol; the only package that imports the vendor's SDK."""
