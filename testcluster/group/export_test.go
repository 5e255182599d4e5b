package group

// Held is what all groups hold and what of it is not proven, as it is counted, and counted anew.
func (s *Shard) Held() (counted, anew [2]int) {
	counted[1] = s.unproven
	for _, g := range s.groups {
		counted[0] += g.held
		for _, m := range g.order {
			anew[0] += m.size()
			if !m.proven {
				anew[1] += m.size()
			}
		}
		for id := range g.promised {
			anew[0] += sizeOfPromise(id)
			anew[1] += sizeOfPromise(id)
		}
	}
	return counted, anew
}

// Groups is how many there are.
func (s *Shard) Groups() int { return len(s.groups) }
