"""reporting: folds the topics into survival and budget figures, publishes them, shows them, lets them be downloaded."""
