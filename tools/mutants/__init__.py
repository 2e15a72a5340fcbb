"""`make mutants`: change the code in small ways and check that a test notices each change."""
