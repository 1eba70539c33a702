package store

// Counts returns how many rows the spill tables and their like have. It costs
// next to nothing: the gateway asks before it looks into one.
func (s *Store) Counts() Counts { return s.counts.get() }
