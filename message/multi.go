package message

// tied returns the event that ties a message to the others of its request; ok
// is false for a message that came alone. It is always the first of the log but
// for EventFallback, so that other messages cost a look or two.
func tied(m *Message) (ev Event, ok bool) {
	log := m.Log
	if len(log) > 0 && EventKind(log[0]) == EventFallback {
		_, log, _ = decodeEvent(log, m.ID)
	}
	if len(log) == 0 || EventKind(log[0]) != EventMulti {
		return Event{}, false
	}
	ev, _, err := decodeEvent(log, m.ID)
	return ev, err == nil
}

// KnownAs returns the id by which the customer knows a message: its own, or
// that of the first message of the request that it came with.
func KnownAs(m *Message) ID {
	if ev, ok := tied(m); ok && ev.Text != "" {
		if id, err := ParseID(ev.Text); err == nil {
			return id
		}
	}
	return m.ID
}

// Following returns how many messages of the same request have the ids behind
// that of m, if m is the first of them.
func Following(m *Message) int {
	ev, _ := tied(m)
	return int(ev.Code)
}

// Successor returns the id that IDs gives behind id when both are made at the
// same moment.
func (id ID) Successor() ID {
	next := id + 1
	if next>>idSequence == id>>idSequence {
		return next
	}
	node := int64(id) >> idSequence & (1<<idNode - 1)
	return ID((int64(id)>>idTimeShift+1)<<idTimeShift | node<<idSequence)
}
