package gateway

import (
	"context"
	"fmt"
	"testing"

	"kurir/message"
	"kurir/store"
)

// leftOf says what a store still has of a gateway that is through with everything.
func leftOf(st *store.Store, node int) (left []string) {
	if mail, err := st.MailFor(context.Background(), node, 10); err != nil || len(mail) > 0 {
		left = append(left, fmt.Sprintf("node %d has mail: %v %v", node, mail, err))
	}
	if grants, err := st.Grants(context.Background(), node); err != nil || len(grants) > 0 {
		left = append(left, fmt.Sprintf("grants left at node %d: %v %v", node, grants, err))
	}
	return left
}

// byReference returns the messages of a store by their references, and those that are there twice.
func byReference(t *testing.T, st *store.Store) (all map[string]*message.Message, twice []string) {
	t.Helper()
	all = map[string]*message.Message{}
	for after := message.ID(0); ; {
		list, next, err := st.Messages(context.Background(), store.Filter{After: after, Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if all[m.Reference] != nil {
				twice = append(twice, m.Reference)
			}
			all[m.Reference] = m
		}
		if after = next; next == 0 {
			return all, twice
		}
	}
}
