"""The domain: values, errors and rules. Knows neither AWS nor HTTP."""
