int apart(void);
int apart(void) {
  return 7;
}
