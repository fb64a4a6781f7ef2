#ifndef PERCEPTUAL_MPI_H
#define PERCEPTUAL_MPI_H

/* Messages among the processes of one MPI job, by bytes. Nothing is here unless the package's trait MPI is enabled. All
   calls are made by one thread. An error ends the job, as is MPI's default. */
#ifdef PERCEPTUAL_MPI

/* Joins the job. */
void perceptual_mpi_join(int *rank, int *count);

/* Leaves it; every process must. */
void perceptual_mpi_leave(void);

/* Fills in the others' parts of memory; that of rank r is bytes[r] long and begins at places[r]. */
void perceptual_mpi_gather(void *memory, const int *bytes, const int *places);

/* Sends sent[r] bytes, from places sent_places[r] on, to each rank r, and receives likewise. */
void perceptual_mpi_exchange(
  const void *source, const int *sent, const int *sent_places, void *destination, const int *received,
  const int *received_places);

/* Gives rank 0's memory to all. */
void perceptual_mpi_broadcast(void *memory, int bytes);

#endif
#endif
