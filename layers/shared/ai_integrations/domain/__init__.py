"""The domain layer: values, errors and rules. It knows neither AWS nor HTTP."""
