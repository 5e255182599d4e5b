package records

// Kept judges the logs, each partition's records in the order of the log, by what was sent, each producer's in the order
// of its calls: every acknowledged record is there once, at its offset; what else is there was sent; nothing is there
// twice; and what one producer has sent to one partition stands there in its order.
func Kept(sent []Sent, stored []Stored) []Problem {
	var found []Problem
	calls := make(map[ID]*Sent, len(sent))
	for i := range sent {
		calls[sent[i].ID] = &sent[i]
	}
	places := make(map[ID]Stored, len(stored))
	for _, s := range stored {
		call := calls[s.ID]
		before, again := places[s.ID]
		switch {
		case call == nil || call.Partition != s.Partition:
			found = append(found, problem(NeverSent, "%v, partition %d, offset %d", s.ID, s.Partition, s.Offset))
		case again:
			found = append(found, problem(Twice, "%v, partition %d, offsets %d and %d", s.ID, s.Partition, before.Offset, s.Offset))
		}
		// Of several the one at the place that was acknowledged counts.
		if !again || call != nil && s.Offset == call.Offset {
			places[s.ID] = s
		}
	}
	for i := range sent {
		if c := &sent[i]; !c.Unknown {
			found = append(found, kept(c, places)...)
		}
	}
	return append(found, ordered(stored)...)
}

func kept(c *Sent, places map[ID]Stored) []Problem {
	s, there := places[c.ID]
	switch {
	case !there || s.Partition != c.Partition:
		return []Problem{problem(Lost, "%v, partition %d, offset %d", c.ID, c.Partition, c.Offset)}
	case s.Offset != c.Offset:
		return []Problem{problem(Moved, "%v, partition %d, acknowledged at offset %d, there at %d", c.ID, c.Partition, c.Offset, s.Offset)}
	}
	return nil
}

// ordered demands that offsets rise, and with them each producer's numbers. A record that is there again is no matter
// of order.
func ordered(stored []Stored) []Problem {
	type row struct {
		partition int32
		producer  int
	}
	var found []Problem
	offsets := map[int32]int64{}
	last := map[row]Stored{}
	for _, s := range stored {
		if before, any := offsets[s.Partition]; any && s.Offset <= before {
			found = append(found, problem(SameOffset, "partition %d, offset %d behind %d (%v)", s.Partition, s.Offset, before, s.ID))
		}
		offsets[s.Partition] = s.Offset
		of := row{s.Partition, s.Producer}
		before, any := last[of]
		if any && s.Number < before.Number {
			found = append(found, problem(Reordered, "%v at offset %d, partition %d, is behind number %d at %d",
				s.ID, s.Offset, s.Partition, before.Number, before.Offset))
		}
		last[of] = s
	}
	return found
}
