/* The inside of `adjoin eval`: the plan of what to call, and its parts. */
#ifndef ADJOIN_CLI_EVAL_H
#define ADJOIN_CLI_EVAL_H

#include "compiler/cli/calls.h"

/* The calls that the options ask for (no extents or values are needed for this). On EXIT_DONE, `products` is what was
 * asked for or taken by default. */
exit_code eval_plan(console *with, const options *given, const tensor_program *model, unsigned *products,
                    call_list *into);

/* Runs the calls on bound inputs and gathers the results; `along` has a quantity per direction or cotangent, `show` the
 * definitions that are to be shown by themselves. */
typedef LIST(quantity) quantity_list;
exit_code eval_run(machine *on, const call_list *calls, const quantity_list *along, const name_list *show,
                   results *into);

/* Says on standard error which input, definition or direction is nan or infinite first. `fresh` is a session of the
 * same model. */
exit_code explain_nonfinite(console *with, session *fresh, const bound_model *inputs, const quantity_list *along,
                            const results *of);
bool has_nonfinite(const results *of);

#endif
