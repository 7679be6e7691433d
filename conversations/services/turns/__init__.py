"""One contact message and all that is done to answer it: started, put in order, run, watched, stopped, finished."""
