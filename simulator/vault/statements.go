package vault

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// statements keeps the prepared statements of a pool. A statement that is met
// for the first time inside a transaction is prepared for that one only, and
// for the pool afterwards: preparing it at once would need a second
// connection, and the pool of the writer has one.
type statements struct {
	pool *sql.DB

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
}

func newStatements(pool *sql.DB) *statements {
	return &statements{pool: pool, prepared: make(map[string]*sql.Stmt)}
}

// session is one transaction with its statements.
type session struct {
	statements *statements
	tx         *sql.Tx
	here       map[string]*sql.Stmt
	missing    []string
}

func (s *statements) session(tx *sql.Tx) *session {
	return &session{statements: s, tx: tx, here: make(map[string]*sql.Stmt)}
}

// statement finds or prepares a query for the transaction.
func (s *session) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement, ok := s.here[query]; ok {
		return statement, nil
	}
	s.statements.mu.RLock()
	prepared, ok := s.statements.prepared[query]
	s.statements.mu.RUnlock()
	if ok {
		s.here[query] = s.tx.StmtContext(ctx, prepared)
		return s.here[query], nil
	}
	statement, err := s.tx.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	s.here[query] = statement
	s.missing = append(s.missing, query)
	return statement, nil
}

// settle prepares for the pool what the transaction missed. Failing to do so
// costs time only: the next transaction tries again.
func (s *session) settle(ctx context.Context) {
	for _, query := range s.missing {
		prepared, err := s.statements.pool.PrepareContext(ctx, query)
		if err != nil {
			return
		}
		s.statements.mu.Lock()
		if _, ok := s.statements.prepared[query]; ok {
			s.statements.mu.Unlock()
			prepared.Close() // another transaction was faster
			continue
		}
		s.statements.prepared[query] = prepared
		s.statements.mu.Unlock()
	}
}
