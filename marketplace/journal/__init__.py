"""Every command once, every act written down, and both chained so that a later change shows."""
