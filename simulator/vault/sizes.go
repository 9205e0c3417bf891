package vault

import (
	"context"
	"fmt"
)

const sqlNotificationStates = `SELECT state, COUNT(*) FROM notifications WHERE issuer = ? GROUP BY state`

// Sizes is how much the vault holds, for metrics.
type Sizes struct {
	// JournalRows and JournalBytes are what is in the ring; bytes count the
	// content only.
	JournalRows, JournalBytes int64
	// Notifications are counted by issuer and state; what there is none of is
	// not there.
	Notifications map[string]map[string]int64
}

// Sizes counts what the vault holds.
func (s *Store) Sizes(ctx context.Context) (Sizes, error) {
	sizes := Sizes{Notifications: make(map[string]map[string]int64)}
	issuers, err := s.Issuers(ctx)
	if err == nil {
		err = s.view(ctx, "", func(t *transaction) error {
			return t.row(sqlJournalSize, nil, &sizes.JournalRows, &sizes.JournalBytes)
		})
	}
	for _, issuer := range issuers {
		if err != nil {
			break
		}
		states := make(map[string]int64)
		sizes.Notifications[issuer.Name] = states
		err = s.view(ctx, issuer.Name, func(t *transaction) error {
			counted, err := rows(t, sqlNotificationStates, []any{issuer.Name}, scanCount)
			for _, c := range counted {
				states[c.state] = c.count
			}
			return err
		})
	}
	if err != nil {
		return Sizes{}, fmt.Errorf("counting what the vault holds: %w", err)
	}
	return sizes, nil
}

type stateCount struct {
	state string
	count int64
}

func scanCount(row scanner) (c stateCount, err error) {
	err = row.Scan(&c.state, &c.count)
	return c, err
}
