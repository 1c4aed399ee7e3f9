"""One file per protocol that model providers speak; all keep the contract of `base.Provider`."""
